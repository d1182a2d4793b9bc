import type { Eui64 } from '@airlift/kernel';

/**
 * How many members are looked at in search of a smaller set, some ten milliseconds' worth: enough for the few gateways of
 * a site, while for hundreds the set taken step by step has to do.
 */
const MOST_LOOKS = 200_000;

interface Search {
  readonly members: readonly (readonly Eui64[])[];
  best: readonly Eui64[];
  looks: number;
}

/**
 * The smallest set of gateways that reaches every member, in the order of their EUIs.
 * @param members the gateways that reach each member, the best first, each with one at least
 */
export function smallestCover(members: readonly (readonly Eui64[])[]): readonly Eui64[] {
  const distinct = new Map(members.map((gateways) => [[...gateways].sort().join(), gateways]));
  // Those with the fewest gateways leave the least to choose.
  const sorted = [...distinct.values()].sort((a, b) => a.length - b.length);
  const search: Search = { members: sorted, best: greedyCover(sorted), looks: 0 };
  lookThrough(search, []);
  return [...search.best].sort();
}

/** Takes the gateway that reaches most of those not reached yet, again and again; of equals the one met first. */
function greedyCover(members: readonly (readonly Eui64[])[]): readonly Eui64[] {
  const chosen: Eui64[] = [];
  let open = members;
  while (open.length > 0) {
    const reached = new Map<Eui64, number>();
    for (const gateways of open) for (const one of gateways) reached.set(one, (reached.get(one) ?? 0) + 1);
    const [most] = [...reached].reduce((a, b) => (b[1] > a[1] ? b : a));
    chosen.push(most);
    open = open.filter((gateways) => !gateways.includes(most));
  }
  return chosen;
}

/** Tries every gateway of the first member that is not reached yet, as long as the set can become smaller. */
function lookThrough(search: Search, chosen: readonly Eui64[]): void {
  search.looks += search.members.length;
  const open = search.members.find((gateways) => !gateways.some((one) => chosen.includes(one)));
  if (open === undefined) {
    if (chosen.length < search.best.length) search.best = chosen;
    return;
  }
  for (const gateway of open) {
    if (chosen.length + 1 >= search.best.length || search.looks >= MOST_LOOKS) return;
    lookThrough(search, [...chosen, gateway]);
  }
}
