import type { Command } from 'commander';
import { registerAirtime } from './airtime/airtime-command.ts';
import { registerFec } from './fec/fec-command.ts';
import { registerFrame } from './frame/frame-command.ts';
import { PROCESS_PORTS, type ToolPorts } from './ports.ts';
import { WRONG_USAGE } from './run-tool.ts';

export type { ToolPorts } from './ports.ts';

/**
 * Adds the tools for people who write device firmware: `frame`, `fec` and `airtime`. They exit with 0, with 1 when the
 * input cannot be processed, and with 2 when the command line makes no sense.
 */
export function registerTools(program: Command, ports: ToolPorts = PROCESS_PORTS): void {
  // `frame` has a --version of its own, which the one of the program must not swallow.
  program.enablePositionalOptions();
  for (const register of [registerFrame, registerFec, registerAirtime])
    leaveWithOurCodes(register(program, ports), ports);
}

function leaveWithOurCodes(command: Command, ports: ToolPorts): void {
  command.exitOverride(({ exitCode }) => ports.leave(exitCode === 0 ? 0 : WRONG_USAGE));
  for (const part of command.commands) leaveWithOurCodes(part, ports);
}
