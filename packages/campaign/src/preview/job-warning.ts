import type { Eui64, SteadyMs } from '@airlift/kernel';

/** What may go wrong with a job, by stable code; `{detail}` marks what is filled in. */
export const WARNINGS = {
  'start-in-past': 'The wanted start is past: the job would begin at once',
  'zero-key': 'The GenAppKey of the device is missing or all zeros: whoever listens can read the image',
  'group-mapped': 'The device has not the wanted multicast group and takes part in group {detail}',
  'device-in-use': 'The device is in use by the job {detail}, and is waited for',
  'never-joined': 'The device has not joined the network',
  'not-heard-lately': 'The device was not heard lately',
  'fragments-beyond-profile': 'The profile of the device says that it takes at most {detail} fragments',
  'fragment-size-beyond-profile': 'The profile of the device says that it takes fragments of at most {detail} octets',
  'losses-beyond-profile':
    'At the assumed loss the device loses more than the {detail} fragments that its decoder mends',
} as const;

export type WarningCode = keyof typeof WARNINGS;

export interface JobWarning {
  readonly code: WarningCode;
  /** Undefined for what concerns the whole job. */
  readonly devEui: Eui64 | undefined;
  /** What fills the text of the code. */
  readonly detail: string | undefined;
  /** When it is over by itself, where that is known. */
  readonly until: SteadyMs | undefined;
}

export function warningText({ code, detail }: JobWarning): string {
  return WARNINGS[code].replace('{detail}', detail ?? '');
}
