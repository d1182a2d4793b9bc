import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type Eui64, isoSeconds, toHex } from '@airlift/kernel';
import { writeAtomically } from './atomic-file.ts';
import { ifRoom } from './if-room.ts';
import type { ImageSink, ReceivedImage, ReceivedMessage } from './image-sink.ts';

/**
 * Writes below `<folder>/<DevEUI, 16 hexadecimal digits>/`: the latest image as `image.bin`, others before it as
 * `image-<first 8 digits of their SHA-256>.bin`, facts about the latest in `received.json`, and multicast messages, one
 * JSON object a line, in `messages.jsonl`. Readers never see half an image.
 */
export class FileImageSink implements ImageSink {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  image(image: ReceivedImage): void {
    const folder = this.#folderOf(image.device);
    const path = join(folder, 'image.bin');
    if (existsSync(path)) {
      const previous = createHash('sha256').update(readFileSync(path)).digest('hex');
      if (previous !== image.sha256) renameSync(path, join(folder, `image-${previous.slice(0, 8)}.bin`));
    }
    writeAtomically(path, image.octets);
    if (!existsSync(path)) return;
    const facts = {
      sha256: image.sha256,
      size: image.octets.length,
      fragmentsHeard: image.fragmentsHeard,
      fragmentsMissing: image.fragmentsMissing,
      parityUsed: image.parityUsed,
      completedAt: isoSeconds(image.completedAt),
    };
    writeAtomically(join(folder, 'received.json'), `${JSON.stringify(facts, null, 2)}\n`);
  }

  message(message: ReceivedMessage): void {
    const line = {
      port: message.fPort,
      payload: toHex(message.payload),
      fcnt: message.fCnt,
      mcAddr: message.mcAddr.toString(16).padStart(8, '0'),
      time: new Date(message.receivedAt).toISOString(),
    };
    const path = join(this.#folderOf(message.device), 'messages.jsonl');
    ifRoom(() => appendFileSync(path, `${JSON.stringify(line)}\n`));
  }

  #folderOf(device: Eui64): string {
    const folder = join(this.#folder, device);
    ifRoom(() => mkdirSync(folder, { recursive: true }));
    return folder;
  }
}
