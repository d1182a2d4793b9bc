import { CallerError } from '@airlift/kernel';
import { type Command, Option } from 'commander';
import { ContractClient } from '../demo/contract-client.ts';
import { readPassword } from './read-password.ts';

/** How commands that speak to a server find it and log in. */
export interface ServerOptions {
  readonly server: string;
  readonly user: string;
  readonly insecure?: boolean;
}

const PASSWORD = 'AIRLIFT_PASSWORD';
const HTTPS_PORT = 443;

/** The options that every such command has. */
export function withServer(command: Command): Command {
  return command
    .addOption(new Option('--server <url>', 'where the HTTPS API is').default('https://127.0.0.1:8443'))
    .addOption(
      new Option(
        '--user <name>',
        `who logs in; the password is that of ${PASSWORD}, or the first line of the input`,
      ).default('admin'),
    )
    .addOption(new Option('--insecure', 'take whatever certificate the server shows'));
}

/**
 * A client that is logged in. Passwords are no options: everybody on the machine can read those.
 * @throws CallerError `option-invalid` for an address or without a password, `call-failed` when the server refuses
 */
export async function loggedIn({ server, user, insecure = false }: ServerOptions): Promise<ContractClient> {
  const { hostname, port } = address(server);
  const known = process.env[PASSWORD] ?? '';
  const ask = { input: process.stdin, show: (text: string) => void process.stderr.write(text) };
  const password = known === '' ? await readPassword(user, ask) : known;
  const client = new ContractClient(port, { host: hostname, trustsAnyCertificate: insecure });
  await client.login(user, password);
  return client;
}

function address(server: string): { readonly hostname: string; readonly port: number } {
  if (!URL.canParse(server)) throw new CallerError('option-invalid', `--server must be a URL, not ${server}`);
  const url = new URL(server);
  if (url.protocol !== 'https:') throw new CallerError('option-invalid', '--server must begin with https://');
  // IPv6 addresses stand in brackets in a URL, and without in a socket.
  return { hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? HTTPS_PORT : Number(url.port) };
}
