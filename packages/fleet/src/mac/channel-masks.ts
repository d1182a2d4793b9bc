/** Channels that one ChMask covers. */
export const CHANNEL_BANK = 16;

/**
 * The channels of a fixed plan after one LinkADRReq, by its ChMaskCntl (gateways-and-mac.md D.3); undefined for a value
 * without meaning.
 */
export function maskedFixed(before: ReadonlySet<number>, chMask: number, chMaskCntl: number): Set<number> | undefined {
  const narrow = Array.from({ length: 64 }, (_, index) => index);
  const wideOf = (mask: number): number[] => maskedChannels(mask & 255, 64);
  switch (chMaskCntl) {
    case 5: {
      const subBands = maskedChannels(chMask & 255, 0);
      return new Set([...narrow.filter((index) => subBands.includes(index >> 3)), ...wideOf(chMask)]);
    }
    case 6:
      return new Set([...narrow, ...wideOf(chMask)]);
    case 7:
      return new Set(wideOf(chMask));
    default: {
      if (chMaskCntl > 4) return undefined;
      const first = chMaskCntl * CHANNEL_BANK;
      const kept = [...before].filter((index) => index < first || index >= first + CHANNEL_BANK);
      return new Set([...kept, ...maskedChannels(chMaskCntl === 4 ? chMask & 255 : chMask, first)]);
    }
  }
}

/** The channels of the bits that are set, the lowest bit standing for `first`. */
export function maskedChannels(mask: number, first: number): number[] {
  return Array.from({ length: CHANNEL_BANK }, (_, bit) => bit)
    .filter((bit) => ((mask >> bit) & 1) === 1)
    .map((bit) => first + bit);
}
