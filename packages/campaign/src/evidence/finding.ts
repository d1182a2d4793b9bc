/** Bounds of what a device lacks and heard, at the moment for which it spoke. */
export interface ReceptionBounds {
  /** Highest fragment number sent by that moment; repeats count on. */
  readonly at: number;
  /** Independent fragments that the device still needs, those counted that are not sent yet. */
  readonly missing: { readonly atLeast: number; readonly likely: number; readonly atMost: number };
  /** Fragments that it certainly heard. */
  readonly heardAtLeast: number;
  /** Share of the fragments lost on the way; undefined when the answer does not tell. */
  readonly lossRate: number | undefined;
  /** Only of devices that tell the plain losses and the last number, but not what they still need. */
  readonly losses?: {
    /** Plain fragments lost, as far as can be told. */
    readonly plain: number;
    /** Share of them that were lost at most. */
    readonly rateAtMost: number;
    /** The number of the last fragment that it took: before it, the device was not done. */
    readonly lastNumber: number;
    /** As many fragments must pass after the last one that it took before an answer proves that it is done. */
    readonly tellingRun: number;
  };
}

/** Why an answer is evidence of nothing. */
export type ImpossibleBecause =
  /** It speaks of another fragmentation session. */
  | 'other-index'
  /** More fragments, or a higher one, than were sent. */
  | 'more-than-sent'
  /** As above, and the two octets of the field make sense when swapped: old LoRaMac-node sends them so. */
  | 'octets-swapped'
  /** Numbers that contradict each other, or earlier ones of the session, under the device's profile. */
  | 'contradictory'
  /** MultiTech's answer when it has nothing to tell: nothing received, 255 missing, no memory. */
  | 'placeholder';

/** How it is known that a device holds the whole image. */
export type Proof =
  /** Every plain fragment was heard, by the device's own numbers. */
  | 'status-lossless'
  /** The device counts what it lacks, and lacks nothing. */
  | 'status-nothing-missing'
  /** The device stops counting when it is done, and has stopped. */
  | 'status-frozen'
  /** The device heard so many fragments beyond NbFrag that they must suffice. */
  | 'status-surplus'
  /** TS004 version 2: the device checked the MIC of the block. */
  | 'block-mic'
  /** MultiTech: the CRC-64 of the block is right. */
  | 'crc64'
  /** The CRC-32 of the image, as Semtech's and ST's applications report it, is right. */
  | 'crc32';

/** What is known of a device from one answer and those before it. */
export type Finding =
  | { readonly kind: 'impossible'; readonly why: ImpossibleBecause }
  /** The device has no such fragmentation session: it must be set up anew. */
  | { readonly kind: 'no-session' }
  | {
      readonly kind: 'incomplete';
      readonly reception: ReceptionBounds;
      /** `exhausted`: no parity can help it in this session. */
      readonly memory: 'enough' | 'in-doubt' | 'exhausted';
    }
  /** It may hold the image or not. */
  | {
      readonly kind: 'undecided';
      readonly reception: ReceptionBounds;
      readonly memory: 'enough' | 'in-doubt';
      /** Fragment number after which an answer can prove it, if it is complete by now; undefined when none ever can. */
      readonly provableFrom: number | undefined;
      /** The device no longer takes fragments, whatever it holds: more of them cannot help it. */
      readonly isSettled: boolean;
    }
  | {
      readonly kind: 'complete';
      readonly proof: Proof;
      /** Probability that this is said of a device that is not complete. */
      readonly errorRate: number;
    }
  /** The device holds a whole block with wrong octets. */
  | { readonly kind: 'corrupt'; readonly by: Proof };

/** Whatever proves less often than once in so many is no proof. */
export const TOLERATED_ERROR = 1e-5;
