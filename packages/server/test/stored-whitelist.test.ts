import { whitelistSuite } from '@airlift/api/testing';
import { ProfileRegistry } from '@airlift/applayer';
import { VirtualClock } from '@airlift/kernel';
import { MemoryNetworkStore } from '@airlift/network/testing';
import { StoredWhitelist } from '../src/stored-whitelist.ts';

whitelistSuite(async () => ({
  whitelist: new StoredWhitelist(new MemoryNetworkStore(), new ProfileRegistry(), new VirtualClock()),
}));
