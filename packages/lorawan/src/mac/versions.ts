/** Editions of LoRaWAN that differ in their MAC commands. */
export const MAC_VERSIONS = ['1.0.0', '1.0.1', '1.0.2', '1.0.3', '1.0.4', '1.1'] as const;

export type MacVersion = (typeof MAC_VERSIONS)[number];

/** All editions from one on. */
export const FROM_1_0_0 = MAC_VERSIONS;
export const FROM_1_0_2 = MAC_VERSIONS.slice(2);
export const FROM_1_0_3 = MAC_VERSIONS.slice(3);
export const ONLY_1_1 = MAC_VERSIONS.slice(5);
/** The beacon question that 1.0.4 dropped in favour of DeviceTimeReq. */
export const CLASS_B_BEFORE_1_0_4 = MAC_VERSIONS.slice(3, 4);
