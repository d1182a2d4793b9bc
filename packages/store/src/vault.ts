import { createCipheriv, createDecipheriv } from 'node:crypto';
import { BugError, CallerError, concatOctets, type Entropy } from '@airlift/kernel';

const VERSION = 'v1.';
const NONCE_OCTETS = 12;
const TAG_OCTETS = 16;

/** Texts that were opened last are kept: every frame of a device needs its keys, and so does every forgery. */
const MOST_OPENED = 10_000;

/** Length of the master key. */
export const MASTER_KEY_OCTETS = 32;

/** What is needed to read sealed texts. */
export type Opener = Pick<Vault, 'open'>;

/**
 * Seals short texts, such as keys, with AES-256-GCM under the master key. A sealed text is `v1.` and the base64 of
 * nonce, ciphertext and tag. It opens only at the place it was sealed for, so that nobody who can write to the
 * database can move a key to another device.
 */
export class Vault {
  readonly #masterKey: Uint8Array;
  readonly #entropy: Entropy;
  /** By place, since nothing is sealed twice for one place and used both times. */
  readonly #opened = new Map<string, { readonly sealed: string; readonly text: string }>();

  /** @throws CallerError `master-key-invalid` when the key does not have 32 octets */
  constructor(masterKey: Uint8Array, entropy: Entropy) {
    if (masterKey.length !== MASTER_KEY_OCTETS) {
      throw new CallerError('master-key-invalid', `the master key must have ${MASTER_KEY_OCTETS} octets`);
    }
    this.#masterKey = Uint8Array.from(masterKey);
    this.#entropy = entropy;
  }

  /** Seals a text for one place: table, column and row, joined by `/`. */
  seal(text: string, place: string): string {
    const nonce = this.#entropy.octets(NONCE_OCTETS);
    const cipher = createCipheriv('aes-256-gcm', this.#masterKey, nonce, { authTagLength: TAG_OCTETS });
    cipher.setAAD(Buffer.from(place, 'utf8'));
    const sealed = concatOctets(nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag());
    return VERSION + Buffer.from(sealed).toString('base64');
  }

  /**
   * The text that was sealed for the place.
   * @throws BugError when it was sealed with another key, for another place, or was changed since
   */
  open(sealed: string, place: string): string {
    const known = this.#opened.get(place);
    if (known?.sealed === sealed) return known.text;
    const text = this.#openSealed(sealed, place);
    this.#opened.delete(place);
    for (const oldest of this.#opened.keys()) {
      if (this.#opened.size < MOST_OPENED) break;
      this.#opened.delete(oldest);
    }
    this.#opened.set(place, { sealed, text });
    return text;
  }

  #openSealed(sealed: string, place: string): string {
    const octets = Buffer.from(sealed.slice(VERSION.length), 'base64');
    if (!sealed.startsWith(VERSION) || octets.length < NONCE_OCTETS + TAG_OCTETS) {
      throw new BugError(`${place} does not hold a sealed text`);
    }
    const end = octets.length - TAG_OCTETS;
    const options = { authTagLength: TAG_OCTETS };
    const decipher = createDecipheriv('aes-256-gcm', this.#masterKey, octets.subarray(0, NONCE_OCTETS), options);
    decipher.setAAD(Buffer.from(place, 'utf8'));
    decipher.setAuthTag(octets.subarray(end));
    try {
      return decipher.update(octets.subarray(NONCE_OCTETS, end), undefined, 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw new BugError(`the sealed text at ${place} does not open`, { cause });
    }
  }
}
