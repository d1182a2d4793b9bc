// Loaded into a server before everything else: its date can be moved by writing milliseconds into the file that
// AIRLIFT_TEST_DATE_FILE names and sending SIGUSR2. What the machine tells of elapsed time stays as it is.
import { readFileSync } from 'node:fs';

const RealDate = Date;
let offsetMs = 0;

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + offsetMs);
    else super(...given);
  }

  static now() {
    return RealDate.now() + offsetMs;
  }
};

const read = () => {
  offsetMs = Number(readFileSync(process.env.AIRLIFT_TEST_DATE_FILE, 'utf8'));
};
read();
process.on('SIGUSR2', read);
