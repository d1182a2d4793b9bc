export type Json = Readonly<Record<string, unknown>>;

/** Devices of class A were expected to send so often. */
const UPLINK_INTERVAL_S = 60;
/** CID and Index&N of a DataFragment. */
const FRAGMENT_HEAD_OCTETS = 3;

const EVIDENCE: Readonly<Record<string, string>> = {
  mic: 'block-mic',
  crc64: 'crc64',
  'session-complete': 'session-complete',
  'status-answer': 'status-nothing-missing',
  'session-answer': 'session-agreed',
};

/** The object that the text is; undefined when it is none. */
export function jsonObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** A plan of the first engine as the second has it; undefined when it is none. */
export function convertedPlan(text: string): string | undefined {
  const plan = jsonObject(text);
  if (plan?.kind === 'Message') {
    return JSON.stringify({ ...plan, uplinkIntervalS: UPLINK_INTERVAL_S, transmissions: 1 });
  }
  if (plan?.kind !== 'FOTA' || typeof plan.fragSize !== 'number') return undefined;
  // How the image is cut is a matter of each session now.
  const { fragSize, nbFrag: _nbFrag, padding: _padding, firstGoal: _firstGoal, ...rest } = plan;
  const maxPacketOctets = Number(fragSize) + FRAGMENT_HEAD_OCTETS;
  return JSON.stringify({ ...rest, uplinkIntervalS: UPLINK_INTERVAL_S, maxPacketOctets });
}

/** The state of a device in a job that has ended, as the second engine has it; undefined when it stays as it is. */
export function convertedDevice(text: string): string | undefined {
  const state = jsonObject(text);
  if (state === undefined) return undefined;
  const { reception, ...rest } = state;
  if (state.kind === 'failed') return JSON.stringify({ ...rest, heard: heardOf(reception) });
  if (state.kind !== 'done') return undefined;
  const evidence = EVIDENCE[String(state.evidence)];
  return evidence === undefined ? undefined : JSON.stringify({ ...rest, evidence, heard: heardOf(reception) });
}

/** The numbers that the device told last; when it was asked for them is not known. */
function heardOf(reception: unknown): Json | undefined {
  if (typeof reception !== 'object' || reception === null) return undefined;
  const { nbFragReceived, missingFrag, sentByThen } = { ...reception } as Json;
  return {
    answers: [
      {
        said: { fragIndex: 0, nbFragReceived, missingFrag, memoryError: false },
        asked: { fragIndex: 0, sentLow: 0, sentHigh: 0, sentByAnswer: sentByThen },
      },
    ],
    undecidedFor: 0,
    checks: 0,
    vainSessions: 0,
    mayHold: false,
    isFurther: false,
    from: 1,
  };
}
