import type { Clock, RealMs } from '@airlift/kernel';
import type { ApiPorts } from '../src/ports.ts';
import { MemoryAccounts } from './memory-accounts.ts';
import { MemoryFleetView } from './memory-fleet-view.ts';
import { MemoryJobs } from './memory-jobs.ts';
import { MemoryUploads } from './memory-uploads.ts';
import { MemoryWhitelist } from './memory-whitelist.ts';

/** Every port in memory, with the concrete types, so that tests can reach their extra methods. */
export interface MemoryPorts extends ApiPorts {
  readonly accounts: MemoryAccounts;
  readonly uploads: MemoryUploads;
  readonly jobs: MemoryJobs;
  readonly whitelist: MemoryWhitelist;
  readonly fleetView: MemoryFleetView;
}

/** A fresh, empty set; `uploadCapacityBytes` makes the upload store run full. */
export function memoryPorts(
  clock: Clock<RealMs>,
  options: { readonly uploadCapacityBytes?: number } = {},
): MemoryPorts {
  const uploads = new MemoryUploads(clock, options.uploadCapacityBytes);
  return {
    accounts: new MemoryAccounts(),
    uploads,
    jobs: new MemoryJobs(clock, uploads),
    whitelist: new MemoryWhitelist(),
    fleetView: new MemoryFleetView(),
  };
}
