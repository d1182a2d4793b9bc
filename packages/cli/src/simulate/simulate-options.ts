/** What `simulate` can be told. */
export interface SimulateOptions {
  readonly devices: number;
  readonly loss: number;
  readonly lossUp?: number;
  readonly burst: number;
  readonly gateways: number;
  readonly drift?: number;
  readonly late: number;
  readonly uplinkInterval?: number;
  readonly profileMix: string;
  readonly imageSize?: number;
  readonly image?: string;
  readonly region: string;
  readonly dataRate?: number;
  readonly seed: string;
  readonly json?: true;
}
