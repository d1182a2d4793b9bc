import { type BlockChecksums, blockChecksums, FragmentEncoder } from '@airlift/applayer';
import type { Eui64, Timer, UtcMs } from '@airlift/kernel';
import type { DirectoryEntry } from './device-directory.ts';
import type { DeviceState } from './device-state.ts';
import type { DevicesView } from './job-machine.ts';
import type { JobPlan } from './job-plan.ts';
import type { JobState } from './job-state.ts';
import { nextGoal } from './parity-policy.ts';
import type { JobRecord } from './stores.ts';
import type { DeviceTraits } from './traits.ts';

/** What a running job needs beside its state; loaded when its set-up begins and after a restart. */
export interface JobMaterial {
  readonly image: Uint8Array;
  /** Undefined for messages. */
  readonly encoder: FragmentEncoder | undefined;
  readonly checksums: BlockChecksums | undefined;
  /** Devices of the job that are provisioned and understand its frames. */
  readonly entries: ReadonlyMap<Eui64, DirectoryEntry>;
  /** What the frames to the group follow. */
  readonly traits: DeviceTraits;
}

/** A job in memory: what is stored of it, and what is not. */
export class ActiveJob {
  readonly plan: JobPlan;
  state: JobState;
  readonly devices: Map<Eui64, DeviceState>;
  material: JobMaterial | undefined;
  timer: Timer | undefined;

  constructor(record: JobRecord) {
    this.plan = record.plan;
    this.state = record.state;
    this.devices = new Map(record.devices.map(({ devEui, state }) => [devEui, state]));
  }

  /** Set-up has begun and the end is not reached. */
  get running(): boolean {
    return this.state.kind === 'setup' || this.state.kind === 'broadcasting' || this.state.kind === 'teardown';
  }

  record(): JobRecord {
    return {
      plan: this.plan,
      state: this.state,
      devices: [...this.devices].map(([devEui, state]) => ({ devEui, state })),
    };
  }

  view(): DevicesView {
    let ready = 0;
    let receiving = 0;
    for (const state of this.devices.values()) {
      if (state.kind === 'ready') ready += 1;
      else if (state.kind === 'receiving') receiving += 1;
    }
    return {
      total: this.devices.size,
      ready,
      receiving,
      nextGoal: (sent, statusRequests) =>
        this.plan.kind === 'FOTA' ? nextGoal(this.devices.values(), this.plan.nbFrag, sent, statusRequests) : sent,
    };
  }

  /** When the first device that listens all the time is to be asked again. */
  nextQuestionAt(): UtcMs | undefined {
    let earliest: UtcMs | undefined;
    if (this.state.kind !== 'setup') return undefined;
    for (const state of this.devices.values()) {
      if (state.kind !== 'setting-up' || state.askAgainAt === undefined) continue;
      if (earliest === undefined || state.askAgainAt < earliest) earliest = state.askAgainAt;
    }
    return earliest;
  }
}

/** Cuts the image of a job and computes the values that devices check it with. */
export function prepareImage(
  plan: JobPlan,
  image: Uint8Array,
  traits: DeviceTraits,
): Pick<JobMaterial, 'encoder' | 'checksums'> {
  if (plan.kind === 'Message') return { encoder: undefined, checksums: undefined };
  return {
    encoder: new FragmentEncoder({ block: image, fragSize: plan.fragSize, rule: traits.codeRule }),
    checksums: blockChecksums(image, plan.padding),
  };
}
