import {
  accountStoreSuite,
  MemoryAccounts,
  MemoryUploads,
  MemoryWhitelist,
  uploadStoreSuite,
  whitelistSuite,
} from '@airlift/api/testing';

accountStoreSuite(async () => ({ store: new MemoryAccounts() }));

uploadStoreSuite(async (clock) => {
  const store = new MemoryUploads(clock);
  return {
    store,
    contentOf: async (file) => {
      const content = store.content(file.kind, file.name);
      if (content === undefined) throw new Error(`no content of ${file.name}`);
      return content;
    },
    leftovers: async () => store.openReceives(),
  };
});

whitelistSuite(async () => ({ whitelist: new MemoryWhitelist() }));
