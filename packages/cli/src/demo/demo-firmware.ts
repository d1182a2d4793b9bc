import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { CallerError } from '@airlift/kernel';
import { parseIntelHex } from './intel-hex.ts';

const run = promisify(execFile);

/** A firmware to send, with the name it is uploaded under. */
export interface Firmware {
  readonly name: string;
  readonly image: Uint8Array;
}

/**
 * The default image: the radio firmware of the Pinoccio board (ATmega256RFR2), 160 162 octets, which an npm package for
 * Arduino programmers ships as an example.
 */
const PACKAGE = 'avrgirl-arduino@5.0.1';
const MEMBER = 'package/junk/hex/pinoccio/Bootstrap.cpp.hex';
const NAME = 'pinoccio-bootstrap.bin';
const SHA256 = '88802e51e7b863fefa5fdab3c9f9302b87913300c625a8670c887eda39c95433';

/** The image in the file, or the default one, which is fetched once and kept. */
export async function loadFirmware(file: string | undefined): Promise<Firmware> {
  if (file === undefined) return { name: NAME, image: await defaultImage() };
  const image = new Uint8Array(await readFile(file));
  if (image.length === 0) throw new CallerError('firmware-empty', `The file ${file} is empty`);
  return { name: basename(file), image };
}

async function defaultImage(): Promise<Uint8Array> {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'airlift');
  const kept = join(folder, NAME);
  try {
    const image = new Uint8Array(await readFile(kept));
    if (sha256(image) === SHA256) return image;
  } catch {
    // Not fetched yet.
  }
  const image = await fetchImage();
  await mkdir(folder, { recursive: true });
  const draft = `${kept}.${process.pid}`;
  await writeFile(draft, image);
  await rename(draft, kept);
  return image;
}

async function fetchImage(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'airlift-firmware-'));
  try {
    const { stdout } = await run('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder], { cwd: folder });
    const archive = stdout.trim().split('\n').at(-1) ?? '';
    await run('tar', ['-xzf', join(folder, archive), '-C', folder, MEMBER]);
    const image = parseIntelHex(await readFile(join(folder, MEMBER), 'utf8'));
    if (sha256(image) !== SHA256) throw new Error('its content is not the expected one');
    return image;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new CallerError(
      'firmware-unavailable',
      `The default firmware cannot be fetched from npm (${why}); name one with --firmware FILE`,
      { cause },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
