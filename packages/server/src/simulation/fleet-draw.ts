import { type Eui64, eui64FromBigEndian, Rng } from '@airlift/kernel';

/** What chance has decided about one device. */
export interface DrawnDevice {
  /** The gateways that it reaches. */
  readonly gateways: ReadonlySet<Eui64>;
  /** When it is switched on, as a share of the broadcast; undefined for one that is on before. */
  readonly lateAt: number | undefined;
}

/** Share of the devices between two gateways that reach both. */
const BETWEEN_GATEWAYS = 0.25;

/** EUIs of the gateways. */
export function gatewayEuis(count: number): readonly Eui64[] {
  return Array.from({ length: count }, (_, i) =>
    eui64FromBigEndian(Uint8Array.of(0, 0x80, 0, 0, 0xa0, 0, (i >> 8) & 255, i & 255)),
  );
}

/** Draws the devices; each depends on the seed and its place only. */
export function drawFleet(
  settings: { readonly seed: string; readonly devices: number; readonly late: number },
  gateways: readonly Eui64[],
): readonly DrawnDevice[] {
  const rng = new Rng(settings.seed).fork('draw');
  return Array.from({ length: settings.devices }, (_, index) => {
    const own = rng.fork(`device/${index}`);
    // All dice are thrown for every device: another share of late ones must not change the rest.
    const isLate = own.chance(settings.late);
    const lateAt = own.unit();
    return { gateways: coverage(gateways, own), lateAt: isLate ? lateAt : undefined };
  });
}

function coverage(gateways: readonly Eui64[], rng: Rng): ReadonlySet<Eui64> {
  const home = rng.below(gateways.length);
  const isBetween = rng.chance(BETWEEN_GATEWAYS);
  const reached = isBetween ? [home, (home + 1) % gateways.length] : [home];
  return new Set(reached.flatMap((place) => gateways[place] ?? []));
}
