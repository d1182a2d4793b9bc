import { parseArgs } from 'node:util';
import { soak } from './soak.ts';

const MOST_MINUTES = 24 * 60;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    devices: { type: 'string', default: '6' },
    seed: { type: 'string', default: String(Date.now()) },
    json: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const devices = Number(values.devices);
if (!(minutes > 0 && minutes <= MOST_MINUTES) || !(Number.isInteger(devices) && devices >= 1 && devices <= 200)) {
  console.error(`--minutes takes 0 to ${MOST_MINUTES}, --devices 1 to 200`);
  process.exit(2);
}

const { seed } = values;
if (!values.json) console.log(`Soaking one server for ${minutes} min, seed ${seed}`);
const report = await soak({ minutes, devices, seed }, (line) => {
  if (!values.json) console.log(`· ${line}`);
});

const { answerMs, residentMb, attacks } = report;
if (values.json) console.log(JSON.stringify(report, null, 2));
else {
  const lines: readonly (readonly [string, string])[] = [
    [
      'Attacked with',
      Object.entries(attacks)
        .map(([kind, count]) => `${count} ${words(kind)}`)
        .join(', '),
    ],
    ['Date steps', `${report.dateSteps}, an hour each`],
    [
      'Jobs',
      `${report.jobs}: ${report.devicesServed} devices served, ${report.devicesFailed} failed, ${report.wrongImages} wrong images`,
    ],
    [
      'On the air',
      `${report.framesStolen} frames stolen, ${report.faultsOnAir.length} faults (a counter used twice, a frame of a closed group)`,
    ],
    [
      'Operator',
      `${report.requests} requests, ${report.requestsRefused.length} refused; ${report.logins} log-ins, ${report.loginsRefused} refused`,
    ],
    ['Answers', `${answerMs.p50} ms median, ${answerMs.p99} ms p99, ${answerMs.most} ms at most`],
    ['Memory', `${residentMb.first} MB at first, ${residentMb.most} MB at most, ${residentMb.last} MB at the end`],
    ['Log', `${report.logLines} lines in ${report.seconds} s, ${report.complaints.length} errors`],
    ['Stop', `${report.stopMs} ms with everything open`],
  ];
  for (const [name, text] of lines) console.log(`${name.padEnd(14)} ${text}`);
  for (const fault of [...report.faultsOnAir, ...report.complaints, ...report.requestsRefused])
    console.log(`! ${fault}`);
}
const held =
  report.devicesFailed === 0 &&
  report.wrongImages === 0 &&
  report.framesStolen === 0 &&
  report.faultsOnAir.length === 0 &&
  report.requestsRefused.length === 0 &&
  report.complaints.length === 0 &&
  attacks.serverErrors === 0;
process.exitCode = held ? 0 : 1;

/** `forgedJoins` as `forged joins`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
