/** What version 2 of FragSessionSetupReq tells beyond version 1. Survives JSON. */
export interface FragSessionIntegrity {
  readonly sessionCnt: number;
  /** Eight hexadecimal digits, in order on air. */
  readonly mic: string;
  readonly ackReception: boolean;
}

/** What FragSessionSetupReq told of a session, and how far it has come. Survives JSON. */
export interface FragSession {
  readonly fragIndex: number;
  readonly groupMask: number;
  readonly fragments: number;
  readonly fragmentSize: number;
  readonly padding: number;
  readonly blockAckDelay: number;
  /** Eight hexadecimal digits, in order on air. */
  readonly descriptor: string;
  /** Version 2. */
  readonly integrity?: FragSessionIntegrity;
  /** The block is whole, taken for whole, or given up. */
  readonly done: boolean;
  /** Version 2: the block is whole and its MIC is wrong. */
  readonly micError?: boolean;
}

/** Milliseconds over which the answers of a session's devices are spread. */
export function answerSpreadMs(session: FragSession | undefined): number {
  return 2 ** ((session?.blockAckDelay ?? 0) + 4) * 1000;
}
