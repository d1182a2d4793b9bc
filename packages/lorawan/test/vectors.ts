import { readFileSync } from 'node:fs';

/** A file of the repository's known answers; the caller states the part of its shape it relies on. */
export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../vectors/${name}`, import.meta.url), 'utf8')) as T;
}

export interface JoinVector {
  readonly id: string;
  readonly optNeg: 0 | 1;
  readonly macVersion: string;
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
  readonly jsIntKey?: string;
  readonly jsEncKey?: string;
  readonly request: { readonly phy: string; readonly mic: string };
  readonly accept: { readonly plain: string; readonly phy: string };
  readonly session: Readonly<Record<string, string>>;
}

export interface RejoinVector {
  readonly id: string;
  readonly rejoinType: 0 | 1 | 2;
  readonly joinEui: string;
  readonly devEui: string;
  readonly netId: string;
  readonly rjCount: number;
  readonly joinNonce: number;
  readonly devAddr: string;
  readonly nwkKey: string;
  readonly appKey: string;
  readonly cfList: string;
  readonly sNwkSIntKey: string | null;
  readonly jsIntKey: string;
  readonly jsEncKey: string;
  readonly request: { readonly phy: string };
  readonly accept: { readonly plain: string; readonly phy: string };
  readonly session: Readonly<Record<string, string>>;
}

export interface FrameVector {
  readonly id: string;
  readonly note: string;
  readonly macVersion: '1.0' | '1.1';
  readonly mtype: 'unconfUp' | 'confUp' | 'unconfDown' | 'confDown';
  readonly devAddr: string;
  readonly fCnt: number;
  readonly fCntWire: number;
  readonly fCtrl: number;
  readonly fOptsPlain: string;
  readonly fOptsWire: string;
  readonly fOptsWirePre111?: string;
  readonly fPort: number | null;
  readonly payloadPlain?: string;
  readonly payloadWire?: string;
  readonly confFCnt?: number;
  readonly txDr?: number;
  readonly txCh?: number;
  readonly mic: string;
  readonly phy: string;
  readonly keys: Readonly<Record<string, string>>;
}

export interface L2Vectors {
  readonly joins: readonly JoinVector[];
  readonly rejoins: readonly RejoinVector[];
  readonly frames: readonly FrameVector[];
  readonly fcnt: readonly {
    readonly last: number | null;
    readonly wire: number;
    readonly full: number | null;
    readonly class: string;
  }[];
  readonly cflist: readonly {
    readonly id: string;
    readonly freqs?: readonly number[];
    readonly masks?: readonly number[];
    readonly hex: string;
  }[];
  readonly published: readonly { readonly id: string; readonly expected: string }[];
}

export const l2 = vectors<L2Vectors>('l2.json');
