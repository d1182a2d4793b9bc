import { CallerError } from '@airlift/kernel';
import { type Command, Option } from 'commander';
import { planText } from './plan-text.ts';
import { loggedIn, type ServerOptions, withServer } from './server-options.ts';

interface PlanOptions extends ServerOptions {
  readonly device: readonly string[];
  readonly file?: string;
  readonly group: string;
  readonly launch?: string;
  readonly parity?: string;
  readonly json?: boolean;
}

/** `airlift plan`: what a job would take, before it is scheduled. */
export function registerPlan(program: Command): void {
  const command = program
    .command('plan')
    .description('Show what a firmware update would take: sessions, frames, airtime, times and warnings')
    .addOption(
      new Option('--device <eui...>', 'devices to be updated; several after one another').makeOptionMandatory(),
    )
    .addOption(new Option('--file <name>', 'uploaded file; the last one unless given'))
    .addOption(new Option('--group <n>', 'multicast group, 0..3').default('0'))
    .addOption(new Option('--launch <seconds>', 'fixed time from set-up to launch'))
    .addOption(new Option('--parity <n>', 'fixed number of parity fragments'))
    .addOption(new Option('--json', 'the plan as JSON'));
  withServer(command).action(plan);
}

async function plan(options: PlanOptions): Promise<void> {
  const client = await loggedIn(options);
  const { launch, parity, file } = options;
  const planned = await client.plan({
    transmission_type: 'FOTA',
    endDeviceDeveuis: options.device,
    multicastGroupID: whole('--group', options.group),
    ...(file === undefined ? {} : { fotaFile: file }),
    ...(launch === undefined ? {} : { launchTimeFromSetupTime: whole('--launch', launch) }),
    ...(parity === undefined ? {} : { parity_fragments_per_session: whole('--parity', parity) }),
  });
  process.stdout.write(options.json === true ? `${JSON.stringify(planned, null, 2)}\n` : planText(planned));
}

function whole(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new CallerError('option-invalid', `${option} must be a whole number, not ${text}`);
  return Number(text);
}
