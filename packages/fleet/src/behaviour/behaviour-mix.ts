import { CallerError } from '@airlift/kernel';
import { BEHAVIOURS, type BehaviourName } from './presets.ts';

const NAMES = Object.keys(BEHAVIOURS) as BehaviourName[];

/** Shares of behaviours in a fleet, by weight. */
export type BehaviourShares = Readonly<Partial<Record<BehaviourName, number>>>;

/**
 * Gives each device of a fleet its behaviour by its index, so that every fleet's beginning has about the same mix: the
 * one that is furthest behind its share is next. A larger fleet begins with the devices of a smaller one.
 * @throws CallerError `behaviour-mix` when no share is above 0
 */
export function mixedBehaviours(shares: BehaviourShares): (index: number) => BehaviourName {
  const wanted = NAMES.map((name) => ({ name, share: shares[name] ?? 0 })).filter(({ share }) => share > 0);
  const total = wanted.reduce((sum, { share }) => sum + share, 0);
  const [first] = wanted;
  if (first === undefined || !Number.isFinite(total)) throw badMix('a mix needs a share above 0');
  const given: BehaviourName[] = [];
  const counts = new Map<BehaviourName, number>();
  const behind = ({ name, share }: (typeof wanted)[number]): number =>
    ((given.length + 1) * share) / total - (counts.get(name) ?? 0);
  return (index) => {
    while (given.length <= index) {
      const next = wanted.reduce((best, one) => (behind(one) > behind(best) + 1e-9 ? one : best), first).name;
      counts.set(next, (counts.get(next) ?? 0) + 1);
      given.push(next);
    }
    return given[index] ?? first.name;
  };
}

/**
 * Shares written as `loramac-node:3,zephyr` or `loramac-node=0.75,zephyr=0.25`; without a weight it is 1.
 * @throws CallerError `behaviour-mix`
 */
export function parseBehaviourMix(text: string): BehaviourShares {
  const shares: Partial<Record<BehaviourName, number>> = {};
  for (const part of text.split(',')) {
    const [word = '', weight = '1', ...rest] = part.trim().split(/[:=]/);
    const name = NAMES.find((known) => known === word);
    const share = Number(weight);
    if (name === undefined) throw badMix(`no behaviour ${word}; known are ${NAMES.join(', ')}`);
    if (rest.length > 0 || !(share > 0) || !Number.isFinite(share)) throw badMix(`${weight} is no weight`);
    shares[name] = (shares[name] ?? 0) + share;
  }
  return shares;
}

function badMix(text: string): CallerError {
  return new CallerError('behaviour-mix', text);
}
