import { type Eui64, parseEui64, utcMs } from '@airlift/kernel';
import type { FotaPlan, MessagePlan } from '../job-plan.ts';
import type { JobRecord, LedgerFrame } from '../stores.ts';
import { SAMPLE_AT } from './sample-at.ts';

/** The n-th sample device. */
export const sampleEui = (n: number): Eui64 => parseEui64(n.toString(16).padStart(16, '0'));

/** A firmware plan; give at least another `jobId` and `filename` for a second one. */
export function sampleFotaPlan(more: Partial<FotaPlan> = {}): FotaPlan {
  return {
    kind: 'FOTA',
    ...basePlan(),
    descriptor: 0xffff_ffff,
    maxPacketOctets: 103,
    parityFragments: undefined,
    ...more,
  };
}

/** A message plan. */
export function sampleMessagePlan(more: Partial<MessagePlan> = {}): MessagePlan {
  return {
    kind: 'Message',
    ...basePlan(),
    messagePort: 1,
    sessionTimeoutExponent: 15,
    transmissions: 1,
    confirmPort: undefined,
    ...more,
  };
}

function basePlan(): Omit<FotaPlan, 'kind' | 'descriptor' | 'maxPacketOctets' | 'parityFragments'> {
  return {
    jobId: 'job-1',
    filename: 'fota_1',
    createdAt: SAMPLE_AT,
    scheduledAt: utcMs(SAMPLE_AT + 60_000),
    setupAt: utcMs(SAMPLE_AT + 120_000),
    launchDelayS: 300,
    uplinkIntervalS: 60,
    devEuis: [sampleEui(1), sampleEui(2), sampleEui(3)],
    multicastGroupId: 0,
    multicastEui: sampleEui(0xff00),
    scheduleSource: 'api',
    keepLog: false,
    radio: { frequencyHz: 923_300_000, dataRate: 8 },
    pacing: { sleepMs: 1500, paritySleepMs: 1500, shortSleepMs: 500 },
    waves: undefined,
    image: { sha256: 'aa'.repeat(32), sizeBytes: 1000, name: 'firmware.bin' },
  };
}

/** Plans of every kind, with what may be left out and without. */
export const SAMPLE_PLANS: readonly (FotaPlan | MessagePlan)[] = [
  sampleFotaPlan(),
  sampleFotaPlan({
    launchDelayS: undefined,
    keepLog: true,
    parityFragments: 20,
    waves: { sizes: [1, 2], leastSuccess: 0.95, needsApproval: true },
  }),
  sampleMessagePlan(),
  sampleMessagePlan({ sessionTimeoutExponent: undefined, transmissions: 3, confirmPort: 10 }),
];

/** A job of these plans that was just accepted. */
export function sampleJob(plan: FotaPlan | MessagePlan = sampleFotaPlan()): JobRecord {
  return {
    plan,
    version: 1,
    state: { kind: 'scheduled' },
    sessions: [],
    devices: plan.devEuis.map((devEui) => ({ devEui, state: { kind: 'pending' } })),
  };
}

/** A frame on the air. */
export function sampleFrame(more: Partial<LedgerFrame> = {}): LedgerFrame {
  return {
    kind: 'plain',
    number: 1,
    session: 1,
    fCnt: 0,
    at: SAMPLE_AT,
    airtimeMs: 100.25,
    gateways: [],
    ...more,
  };
}
