import type { Eui64, SteadyMs } from '@airlift/kernel';

/** Why a device cannot take part in another job now. */
export interface Hold {
  /** Schedule name of the job that has it. */
  readonly by: string;
  /** The device is in a session until then; undefined while its job still runs. */
  readonly until: SteadyMs | undefined;
}

interface Claim {
  readonly jobId: string;
  readonly filename: string;
  readonly freeAt: SteadyMs | undefined;
}

/** Which job has which device: a device can be in one session at a time, and a session outlives its job. */
export class Occupancy {
  readonly #claims = new Map<Eui64, Claim>();

  claim(devEui: Eui64, jobId: string, filename: string): void {
    this.#claims.set(devEui, { jobId, filename, freeAt: undefined });
  }

  /** The job is through with the device, which may listen to its session until `freeAt`. */
  letGo(devEui: Eui64, jobId: string, filename: string, freeAt: SteadyMs | undefined): void {
    const claim = this.#claims.get(devEui);
    if (claim !== undefined && claim.jobId !== jobId) return;
    if (freeAt === undefined) this.#claims.delete(devEui);
    else this.#claims.set(devEui, { jobId, filename, freeAt });
  }

  /** Who keeps the device from the job; undefined when nobody does. */
  holdOf(devEui: Eui64, jobId: string, now: SteadyMs): Hold | undefined {
    const claim = this.#claims.get(devEui);
    if (claim === undefined || claim.jobId === jobId) return undefined;
    if (claim.freeAt !== undefined && claim.freeAt <= now) return undefined;
    return { by: claim.filename, until: claim.freeAt };
  }

  /** The job whose session the device is in, or was last. */
  jobOf(devEui: Eui64): string | undefined {
    return this.#claims.get(devEui)?.jobId;
  }
}
