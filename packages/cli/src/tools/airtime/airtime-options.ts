/** What `airtime` can be told. */
export interface AirtimeOptions {
  readonly region?: string;
  readonly dr?: number;
  readonly sf?: number;
  readonly bw?: number;
  readonly payload?: number;
  readonly phyOctets?: number;
  readonly uplink?: true;
  readonly image?: string;
  readonly fragSize?: number;
  readonly loss?: number;
  readonly devices?: number;
  readonly parity?: number;
  readonly sleep?: number;
  readonly paritySleep?: number;
  readonly frequency?: number;
  readonly json?: true;
}
