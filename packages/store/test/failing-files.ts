import { type FilePort, nodeFiles } from '../src/index.ts';

/** One operation of the file port, or of a file it opened. */
export type FileStep = 'create' | 'write' | 'sync' | 'close' | 'rename' | 'syncDirectory';

interface Failure {
  readonly step: FileStep;
  readonly code: string;
  readonly once?: boolean;
}

/** The machine's files, of which one kind of operation fails while a code is set. */
export class FailingFiles implements FilePort {
  readonly makeDirectory = nodeFiles.makeDirectory;
  readonly read = nodeFiles.read;
  readonly remove = nodeFiles.remove;
  readonly files = nodeFiles.files;
  #failing: Failure | undefined;

  /** From now on, `step` fails with the code, the next time only or each time; undefined ends it. */
  fail(failing: Failure | undefined): void {
    this.#failing = failing;
  }

  readonly create: FilePort['create'] = async (path) => {
    this.#check('create');
    const file = await nodeFiles.create(path);
    return {
      write: async (octets) => {
        // As a full disk does: a part of it still goes in.
        await file.write(octets.subarray(0, octets.length / 2));
        this.#check('write');
        await file.write(octets.subarray(octets.length / 2));
      },
      sync: async () => {
        this.#check('sync');
        await file.sync();
      },
      close: async () => {
        await file.close();
        this.#check('close');
      },
    };
  };

  readonly rename: FilePort['rename'] = async (from, to) => {
    this.#check('rename');
    await nodeFiles.rename(from, to);
  };

  readonly syncDirectory: FilePort['syncDirectory'] = async (path) => {
    this.#check('syncDirectory');
    await nodeFiles.syncDirectory(path);
  };

  #check(step: FileStep): void {
    if (this.#failing?.step !== step) return;
    const { code, once } = this.#failing;
    if (once === true) this.#failing = undefined;
    throw Object.assign(new Error(`${code} in ${step}`), { code });
  }
}
