import type { Command } from 'commander';
import { loggedIn, type ServerOptions, withServer } from './server-options.ts';

const ORDERS = {
  pause: ['stop sending until it is resumed; devices keep listening until their session ends', 'is paused'],
  resume: ['go on sending', 'goes on'],
  approve: ['allow the next wave', 'begins its next wave'],
  abort: ['end it now; devices are asked to let go of the group', 'is aborted'],
} as const;

/** `airlift jobs …`: tells a job that is under way what to do. */
export function registerJobs(program: Command): void {
  const jobs = program.command('jobs').description('Pause, resume, abort or retry a job');
  for (const order of ['pause', 'resume', 'approve', 'abort'] as const) {
    const [description, done] = ORDERS[order];
    withServer(jobs.command(`${order} <name>`).description(`The job: ${description}`)).action(
      async (name: string, options: ServerOptions) => {
        const client = await loggedIn(options);
        await client.order(name, order);
        process.stdout.write(`${name} ${done}\n`);
      },
    );
  }
  withServer(jobs.command('retry <name>').description('Schedule a job for the devices that failed in this one')).action(
    async (name: string, options: ServerOptions) => {
      const client = await loggedIn(options);
      const { filename, devices } = await client.retry(name);
      process.stdout.write(`${filename} is scheduled for ${devices} device${devices === 1 ? '' : 's'}\n`);
    },
  );
}
