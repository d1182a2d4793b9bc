import { readFileSync } from 'node:fs';

/** The sample programs of the document; see `programs/README.md`. */
export const SAMPLE_PROGRAMS = {
  /** Firmware update of one device with curl and jq, until the progress reads 100. */
  bash: 'fota-update.sh',
  /** A message for one hour later, with Python's requests. */
  python: 'scheduled-message.py',
  /** A message from a file, in a browser, until the progress reads 100. A module: it awaits at its top level. */
  javascript: 'file-message.js.txt',
} as const;

/** Addresses and token that stand in the programs for those of a real gateway. */
const ADDRESSES = ['https://172.16.33.111', 'https://gateway-ip'];
const TOKEN = "'your-session-token'";

export function sampleProgram(language: keyof typeof SAMPLE_PROGRAMS): string {
  return readFileSync(new URL(`programs/${SAMPLE_PROGRAMS[language]}`, import.meta.url), 'utf8');
}

/** A sample program as an operator makes it their own: with the address of the gateway and a session token. */
export function adapted(program: string, gateway: { readonly url: string; readonly token: string }): string {
  const addressed = ADDRESSES.reduce((text, address) => text.replaceAll(address, gateway.url), program);
  return addressed.replaceAll(TOKEN, `'${gateway.token}'`);
}
