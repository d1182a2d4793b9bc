import type { Timer } from '@airlift/kernel';
import type { JobPlan } from '../job-plan.ts';
import type { JobRecord } from '../stores.ts';
import type { Entries } from './entries.ts';
import { JobDraft } from './job-draft.ts';
import type { Material } from './material.ts';

const NO_ENTRIES: Entries = new Map();

/** A job that is not over, with what is known of it beside what is stored. */
export class ActiveJob {
  readonly draft: JobDraft;
  entries: Entries = NO_ENTRIES;
  material: Material | undefined;
  timer: Timer | undefined;
  /** Its preparation has begun. */
  isPreparing = false;
  /** Groups that the network server knows, and how many members it was told. */
  readonly openGroups = new Map<string, number>();

  constructor(record: JobRecord) {
    this.draft = new JobDraft(record);
  }

  get plan(): JobPlan {
    return this.draft.plan;
  }

  get isRunning(): boolean {
    return this.draft.state.kind === 'running';
  }

  get isOver(): boolean {
    const { kind } = this.draft.state;
    return kind === 'complete' || kind === 'cancelled';
  }
}
