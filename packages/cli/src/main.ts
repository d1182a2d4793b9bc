#!/usr/bin/env node
import { AirliftError } from '@airlift/kernel';
import { Command } from 'commander';
import { registerDemo } from './demo/register-demo.ts';
import { registerDoctor } from './doctor-command.ts';
import { registerFleet } from './fleet-command.ts';
import { registerJobs } from './remote/register-jobs.ts';
import { registerPlan } from './remote/register-plan.ts';
import { registerServe } from './serve-command.ts';
import { registerSimulate } from './simulate/register-simulate.ts';
import { registerTools } from './tools/index.ts';

const VERSION = '0.1.0';

function buildProgram(): Command {
  const program = new Command('airlift')
    .description('Firmware updates over the air and multicast messages for LoRaWAN devices')
    .version(VERSION)
    .showHelpAfterError('(--help shows how)')
    .configureHelp({ sortSubcommands: false });
  registerServe(program);
  registerDemo(program);
  registerFleet(program);
  registerSimulate(program);
  registerPlan(program);
  registerJobs(program);
  registerDoctor(program);
  registerTools(program);
  return program;
}

// A reader that closes the pipe early (`airlift … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

try {
  await buildProgram().parseAsync();
} catch (error) {
  // What the user or the machine did is told in a line; only our own faults deserve a stack.
  console.error(explained(error) ?? error);
  process.exitCode = 1;
}

/** One line for what is not our own fault. */
function explained(error: unknown): string | undefined {
  if (error instanceof AirliftError && error.kind !== 'bug') return `airlift: ${error.message}`;
  const { code, syscall, address, port, path, message } = error as NodeJS.ErrnoException & Record<string, unknown>;
  if (syscall === undefined) return undefined;
  if (code === 'EADDRINUSE') return `airlift: port ${port} of ${address} is in use by another program`;
  if (code === 'EACCES' && port !== undefined) return `airlift: port ${port} needs more rights than this user has`;
  return `airlift: ${path === undefined ? message : `${path}: ${message}`}`;
}
