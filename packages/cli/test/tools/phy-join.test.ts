import { describe, expect, test } from 'vitest';
import { outputOf, run } from '../support/run.ts';
import { vectors } from './support/vectors.ts';

interface JoinVector {
  readonly id: string;
  readonly optNeg: 0 | 1;
  readonly joinEui: string;
  readonly devEui: string;
  readonly devNonce: number;
  readonly joinNonce: number;
  readonly netId: string;
  readonly devAddr: string;
  readonly rx1DrOffset: number;
  readonly rx2Dr: number;
  readonly rxDelay: number;
  readonly cfList: string;
  readonly appKey: string;
  readonly nwkKey?: string;
  readonly request: { readonly phy: string };
  readonly accept: { readonly phy: string };
  readonly session: Readonly<Record<string, string>>;
}

interface RejoinVector {
  readonly id: string;
  readonly rejoinType: 0 | 1 | 2;
  readonly joinEui: string;
  readonly devEui: string;
  readonly netId: string;
  readonly rjCount: number;
  readonly devAddr: string;
  readonly nwkKey: string;
  readonly appKey: string;
  readonly sNwkSIntKey: string | null;
  readonly request: { readonly phy: string };
  readonly accept: { readonly phy: string };
  readonly session: Readonly<Record<string, string>>;
}

const { joins, rejoins } = vectors<{ joins: JoinVector[]; rejoins: RejoinVector[] }>('l2.json');
const shownBy = async (...args: string[]) =>
  JSON.parse(await outputOf(['frame', 'decode', '--phy', ...args])) as Record<string, unknown>;
const wrong = 'f'.repeat(32);

describe.each(joins.map((join) => [join.id, join] as const))('join %s', (_, join) => {
  const roots = ['--app-key', join.appKey, ...(join.nwkKey === undefined ? [] : ['--nwk-key', join.nwkKey])];

  test('request', async () => {
    const { joinEui, devEui, devNonce } = join;
    expect(await shownBy(join.request.phy, ...roots)).toMatchObject({
      mType: 'JoinRequest',
      joinEui,
      devEui,
      devNonce,
      micOk: true,
    });
    expect(await shownBy(join.request.phy)).toMatchObject({ devEui, micOk: null });
    expect(await run(['frame', 'decode', '--phy', join.request.phy, '--app-key', wrong])).toMatchObject({ code: 1 });
  });

  test('accept', async () => {
    const shown = await shownBy(join.accept.phy, ...roots, '--request', join.request.phy);
    expect(shown).toMatchObject({
      mType: 'JoinAccept',
      joinNonce: join.joinNonce,
      netId: join.netId,
      devAddr: join.devAddr,
      optNeg: join.optNeg === 1,
      rx1DrOffset: join.rx1DrOffset,
      rx2DataRate: join.rx2Dr,
      rxDelay: join.rxDelay,
      micOk: true,
    });
    expect(shown.cfList ?? '').toBe(join.cfList);
    expect('cfListReading' in shown).toBe(join.cfList !== '');
    expect(shown).not.toHaveProperty('sessionKeys');
  });

  test('session keys', async () => {
    const shown = await shownBy(join.accept.phy, ...roots, '--request', join.request.phy, '--show-keys');
    const { nwkSKey = join.session.fNwkSIntKey, appSKey } = join.session;
    expect(shown.sessionKeys).toEqual(join.optNeg === 1 ? join.session : { nwkSKey, appSKey });
  });

  test('without or with a wrong key', async () => {
    expect(await shownBy(join.accept.phy)).toEqual({
      mType: 'JoinAccept',
      encrypted: join.accept.phy.slice(2),
      micOk: null,
    });
    const { code, out } = await run(['frame', 'decode', '--phy', join.accept.phy, '--app-key', wrong]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ micOk: false });
  });
});

describe.each(rejoins.map((rejoin) => [rejoin.id, rejoin] as const))('rejoin %s', (_, rejoin) => {
  const { rejoinType, joinEui, devEui, rjCount, nwkKey, sNwkSIntKey } = rejoin;

  test('request', async () => {
    const key = rejoinType === 1 ? ['--nwk-key', nwkKey] : ['--snwk-sint-key', sNwkSIntKey ?? ''];
    const shown = await shownBy(rejoin.request.phy, ...key);
    expect(shown).toMatchObject({ mType: 'RejoinRequest', rejoinType, devEui, rjCount, micOk: true });
    expect(shown).toMatchObject(rejoinType === 1 ? { joinEui } : { netId: rejoin.netId });
    expect(await shownBy(rejoin.request.phy)).toMatchObject({ micOk: null });
  });

  test('accept', async () => {
    const args = ['--nwk-key', nwkKey, '--app-key', rejoin.appKey, '--request', rejoin.request.phy, '--show-keys'];
    const eui = rejoinType === 1 ? [] : ['--join-eui', joinEui];
    const shown = await shownBy(rejoin.accept.phy, ...args, ...eui);
    expect(shown).toMatchObject({ devAddr: rejoin.devAddr, optNeg: true, micOk: true, sessionKeys: rejoin.session });
  });
});

describe('what is missing is said', () => {
  const eleven = joins.find(({ optNeg }) => optNeg === 1);
  const ten = joins.find(({ nwkKey }) => nwkKey === undefined);
  const rejoin = rejoins.find(({ rejoinType }) => rejoinType !== 1);
  if (eleven === undefined || ten === undefined || rejoin === undefined)
    throw new Error('the vectors hold no such joins');
  const { nwkKey = '' } = eleven;

  test.each([
    ['a key', [ten.accept.phy, '--show-keys'], 2],
    ['the request', [ten.accept.phy, '--app-key', ten.appKey, '--show-keys'], 2],
    ['AppKey', [eleven.accept.phy, '--nwk-key', nwkKey, '--request', eleven.request.phy, '--show-keys'], 2],
    ['the request of 1.1', [eleven.accept.phy, '--nwk-key', nwkKey], 1],
    ['JoinEUI', [rejoin.accept.phy, '--nwk-key', nwkKey, '--request', rejoin.request.phy], 2],
    [
      'NwkKey',
      [rejoin.accept.phy, '--app-key', nwkKey, '--request', rejoin.request.phy, '--join-eui', rejoin.joinEui],
      2,
    ],
    ['a request', [ten.accept.phy, '--app-key', ten.appKey, '--request', ten.accept.phy], 2],
  ])('%s', async (_, args, code) => {
    const result = await run(['frame', 'decode', '--phy', ...args]);
    expect(result.code).toBe(code);
    expect(result.err).toMatch(/^airlift: .*\n$/);
  });
});

test('proprietary frames', async () => {
  expect(await shownBy('e0aabb')).toEqual({ mType: 'Proprietary', octets: 'e0aabb' });
});
