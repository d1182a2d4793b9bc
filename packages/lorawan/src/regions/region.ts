import type { DownlinkModulation, Modulation } from '../modulation.ts';

/** The regional parameters known here, by the names of RP002. */
export const REGION_NAMES = [
  'EU868',
  'US915',
  'AU915',
  'AS923-1',
  'AS923-2',
  'AS923-3',
  'AS923-4',
  'IN865',
  'KR920',
  'RU864',
] as const;

export type RegionName = (typeof REGION_NAMES)[number];

/** A table by data-rate index; holes are indices that the region does not define. */
export type ByDataRate<T> = readonly (T | undefined)[];

/** Where and how a receiver listens. */
export interface RadioSetting {
  readonly frequencyHz: number;
  /** Downlink data-rate index. */
  readonly dataRate: number;
}

/** An inclusive range of data-rate indices. */
export interface DataRateRange {
  readonly min: number;
  readonly max: number;
}

/** A plan whose channels are defined by frequency: defaults known to every device, others told by the network. */
export interface DynamicChannels {
  readonly kind: 'dynamic';
  readonly defaultFrequenciesHz: readonly number[];
  /** Five more that gateways of this plan usually hear; what a network really uses is its own choice. */
  readonly extraFrequenciesHz: readonly number[];
  readonly dataRates: DataRateRange;
  readonly joinDataRates: DataRateRange;
}

/** Channels at equal distances. */
export interface ChannelSeries {
  readonly firstHz: number;
  readonly stepHz: number;
  readonly count: number;
}

/** A plan of 64 channels of 125 kHz (indices 0..63) and 8 of 500 kHz (64..71), of which masks select some. */
export interface FixedChannels {
  readonly kind: 'fixed';
  readonly narrow: ChannelSeries & { readonly dataRates: DataRateRange; readonly joinDataRate: number };
  readonly wide: ChannelSeries & { readonly dataRate: number };
  /** The eight channels of 500 kHz on which gateways answer. */
  readonly downlink: ChannelSeries;
}

/** A range of frequencies that shares one budget of time and one limit of power. Bounds in Hz, both included. */
export interface SubBand {
  readonly fromHz: number;
  readonly toHz: number;
  /** Largest part of an hour on air, for a gateway as for a device; 1 where there is no limit. */
  readonly dutyCycle: number;
  /** Limit for any transmitter, effective radiated power against a dipole. */
  readonly maxErpDbm: number;
  /** What gateways should use, isotropic (EIRP = ERP + 2.15 dB). */
  readonly downlinkEirpDbm: number;
  /** What devices may use at TXPower 0, isotropic. */
  readonly deviceEirpDbm: number;
}

/** Largest application payload N in octets by data rate, when FOpts is empty; uplink and downlink indices together. */
export interface PayloadLimits {
  readonly plain: ByDataRate<number>;
  /** Where a repeater may sit between device and gateway. */
  readonly repeater: ByDataRate<number>;
  /** Under a dwell time of 400 ms, where it can be switched. */
  readonly dwell?: ByDataRate<number>;
  readonly dwellRepeater?: ByDataRate<number>;
  /** Data rates at which older editions of the regional parameters had less than all tables above. */
  readonly olderEditions?: Readonly<Record<number, number>>;
}

/** Data rate of RX1 by uplink data rate and RX1DROffset. */
export type Rx1Table = ByDataRate<readonly number[]>;

/** Class B: fixed frequencies, or one of the eight downlink channels that changes with every beacon. */
export interface ClassBPlan {
  readonly beaconHz: number | 'hopping';
  readonly beaconDataRate: number;
  readonly pingSlotHz: number | 'hopping';
  readonly pingSlotDataRate: number;
}

/** The centre frequencies of a gateway's two radios; channels lie within 400 kHz of one of them. */
export interface GatewayRadios {
  /** Undefined in fixed plans: it follows from the sub-band there. */
  readonly radiosHz?: readonly [number, number];
  /** The single channel of other width or spreading factor. */
  readonly loraStd?: { readonly frequencyHz: number; readonly dataRate: number };
  readonly fskHz?: number;
}

/** Everything Airlift knows of a region. Pure data: the functions beside it answer questions from it. */
export interface Region {
  readonly name: RegionName;
  readonly channels: DynamicChannels | FixedChannels;
  readonly uplinkDataRates: ByDataRate<Modulation>;
  readonly downlinkDataRates: ByDataRate<DownlinkModulation>;
  readonly rx1: Rx1Table;
  /** Where a downlink dwell time can be in force. */
  readonly rx1UnderDwell?: Rx1Table;
  readonly rx2: RadioSetting;
  readonly payload: PayloadLimits;
  /** Ascending. Frequencies outside all of them must not be used. */
  readonly subBands: readonly SubBand[];
  /** Distance of the allowed frequencies counted from the start of the first sub-band, where there is such a raster. */
  readonly rasterHz?: number;
  readonly listenBeforeTalk: boolean;
  /** TXPower n means maximum - 2n dBm up to this n. */
  readonly lastTxPower: number;
  /** 400 ms limits: what devices assume at boot, and whether TxParamSetupReq changes it. */
  readonly dwell: { readonly uplink: boolean; readonly downlink: boolean; readonly settable: boolean };
  readonly classB: ClassBPlan;
  /**
   * Where class C multicast is sent unless the operator says otherwise: the RX2 frequency, at a data rate for campaigns
   * (DR5 is SF7, the shortest airtime; DR10 of the American plans is SF10 at 500 kHz). RX2's own data rate would take
   * twenty times as long.
   */
  readonly multicast: RadioSetting;
  readonly gateway: GatewayRadios;
}

/** Seconds from the end of an uplink to RX1 unless the network says otherwise; RX2 opens one second later. */
export const DEFAULT_RX1_DELAY_S = 1;
/** Seconds from the end of a join-request to RX1; RX2 opens one second later. */
export const JOIN_RX1_DELAY_S = 5;
