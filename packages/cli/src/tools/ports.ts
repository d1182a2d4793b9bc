import { once } from 'node:events';

/** What a tool exchanges with the process it runs in; tests put their own in its place. */
export interface ToolPorts {
  /** Octets of the standard input, read when a tool asks for them. */
  stdin(): AsyncIterable<Uint8Array>;
  /** Writes to the standard output; resolves when more may be written. */
  write(text: string): Promise<void>;
  /** Writes to the standard error. */
  complain(text: string): void;
  /** Sets what the process will exit with. Nothing ends here. */
  setExitCode(code: number): void;
  /** Ends the process after help or wrong usage, as commander would, but with our code. Never returns. */
  leave(code: number): never;
}

/** The ports of the running process. */
export const PROCESS_PORTS: ToolPorts = {
  stdin: () => process.stdin,
  write: async (text) => {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  },
  complain: (text) => {
    process.stderr.write(text);
  },
  setExitCode: (code) => {
    process.exitCode = code;
  },
  leave: (code) => process.exit(code),
};
