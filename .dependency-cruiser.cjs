// The arrows of the house: each package may import those named beside it and nothing else of ours.
const MAY_IMPORT = {
  kernel: [],
  wire: ['kernel'],
  lorawan: ['kernel', 'wire'],
  applayer: ['kernel', 'wire', 'lorawan'],
  network: ['kernel', 'wire', 'lorawan'],
  campaign: ['kernel', 'wire', 'lorawan', 'applayer'],
  contract: ['kernel'],
  gateways: ['kernel', 'lorawan', 'network'],
  fleet: ['kernel', 'wire', 'lorawan', 'applayer'],
  api: ['kernel', 'contract'],
  store: ['kernel', 'network', 'campaign', 'api', 'contract'],
  server: ['kernel', 'lorawan', 'applayer', 'network', 'campaign', 'contract', 'gateways', 'fleet', 'api', 'store'],
  cli: ['kernel', 'wire', 'lorawan', 'applayer', 'contract', 'fleet', 'server', 'store'],
};

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: { path: '^packages/[^/]+/src' }, to: { circular: true } },
    ...Object.entries(MAY_IMPORT).map(([name, allowed]) => ({
      name: `arrows-of-${name}`,
      severity: 'error',
      from: { path: `^packages/${name}/src` },
      to: { path: '^packages/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
    })),
    {
      name: 'library-without-dependencies',
      comment: 'kernel, wire, lorawan and applayer are the protocol library: nothing beyond Node itself.',
      severity: 'error',
      from: { path: '^packages/(kernel|wire|lorawan|applayer)/src' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-no-pkg', 'unknown'], pathNot: '^packages/' },
    },
    {
      name: 'one-decoder-each',
      comment: 'The simulated devices check the erasure code only because they do not share it.',
      severity: 'error',
      from: { path: '^packages/fleet/src' },
      to: { path: '^packages/applayer/src/fec' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|dist' },
    exclude: { path: '(dist|/test/|/bench/|/testing/)' },
    tsConfig: { fileName: 'tsconfig.check.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'node', 'default'] },
    tsPreCompilationDeps: true,
  },
};
