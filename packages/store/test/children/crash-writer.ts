// Writes without end and says on its standard output what was accepted; the test kills it at any moment.
import { writeSync } from 'node:fs';
import { sampleEvents, sampleFotaPlan, sampleFrame, sampleJob } from '@airlift/campaign/testing';
import { parseEui64, SystemClock, steadyMs, systemEntropy } from '@airlift/kernel';
import { openStore } from '../../src/index.ts';

const DEVICE = parseEui64('00000000000000aa');
const say = (word: string, value: number | string): void => {
  writeSync(1, `${word} ${value}\n`);
};

async function main(dataDir: string, round: number): Promise<void> {
  const store = await openStore({ dataDir, clock: new SystemClock(), entropy: systemEntropy });
  const at = steadyMs(1_767_225_600_000);
  const device = {
    devEui: DEVICE,
    name: 'd',
    joinEui: DEVICE,
    appKey: '00'.repeat(16),
    deviceClass: 'A',
    deviceProfileId: undefined,
    networkProfileId: undefined,
    createdAt: at,
  } as const;
  const session = {
    devEui: DEVICE,
    devAddr: 1,
    nwkSKey: '11'.repeat(16),
    appSKey: '22'.repeat(16),
    joinNonce: 1,
    devNonce: 1,
    joinedAt: at,
    confirmed: false,
    lastFCntUp: undefined,
    rxDelayS: 1,
    rx1DrOffset: 0,
    rx2DataRate: 0,
    rx2FrequencyHz: 1,
    lastUplink: undefined,
  };
  if (round === 0) {
    await store.network.addDevice(device);
    await store.network.saveJoin(session);
    await store.network.saveGroup({
      groupId: 'g',
      mcAddr: 2,
      mcNwkSKey: '33'.repeat(16),
      mcAppSKey: '44'.repeat(16),
      frequencyHz: 1,
      dataRate: 0,
      gatewayEuis: [],
      firstFCnt: 0,
      createdAt: at,
    });
    await store.jobs.insert(sampleJob(sampleFotaPlan({ jobId: 'job', filename: 'job' })), []);
  }
  for (let i = 0; ; i++) {
    const last = (await store.network.session(DEVICE))?.lastFCntUp ?? -1;
    const uplink = { at, gatewayEui: DEVICE, frequencyHz: 1, dataRate: 0, rssiDbm: 0, snrDb: 0 };
    if (await store.network.saveUplink(DEVICE, 1, last + 1, uplink)) say('uplink', last + 1);
    say('down', (await store.network.reserveDownlinkCounters(DEVICE, 1, 3)) ?? 'gone');
    say('group', (await store.network.reserveGroupCounters('g', 5)) ?? 'gone');
    const version = (await store.jobs.job('job'))?.version ?? 0;
    const change = { state: { kind: 'scheduled' }, sessions: [], devices: [], events: sampleEvents() } as const;
    if (!(await store.jobs.save('job', version, { ...change, frames: [sampleFrame({ number: i })] })))
      throw new Error('stale');
    say('frame', i);
    say('cnt', await store.provisioning.reserveSessionCnt(DEVICE, 2));
    const name = `fota_${round}_${i}`;
    if (await store.jobs.insert(sampleJob(sampleFotaPlan({ jobId: name, filename: name })), [])) say('job', name);
    const content = (async function* () {
      yield new TextEncoder().encode(name);
    })();
    await store.uploads.receive('fota', name, content, 1000);
    say('upload', name);
  }
}

main(process.argv[2] ?? '', Number(process.argv[3])).catch((error: unknown) => {
  say('error', String(error));
  process.exitCode = 1;
});
