/** The tree of folders is the architecture: who may import whom. */
const only = (from, allowed) => ({
  name: `${from}-imports-only-${allowed.length ? allowed.join('-') : 'nothing'}`,
  severity: 'error',
  from: { path: `^libs/${from}/src`, pathNot: '\\.test\\.ts$' },
  to: {
    path: '^(apps|libs)/',
    pathNot: [from, ...allowed].map((lib) => `^libs/${lib}/`),
  },
});
const pure = (lib) => ({
  name: `${lib}-is-pure`,
  severity: 'error',
  from: { path: `^libs/${lib}/src`, pathNot: '\\.test\\.ts$' },
  to: { dependencyTypes: ['core'] },
});
module.exports = {
  forbidden: [
    only('domain', []),
    only('log', []),
    ...['event-store', 'read-models', 'dossier', 'evidence', 'identity'].map((lib) => only(lib, ['domain', 'log'])),
    only('scenario', ['domain']),
    pure('domain'),
    pure('log'),
    {
      name: 'verifying-a-bundle-runs-in-a-browser',
      severity: 'error',
      from: {
        path: '^libs/dossier/src/(verify|archive|bundle|entry-pass|gzip|key-history|manifest|reading|source|zip)\\.ts$',
      },
      to: {
        path: '^libs/dossier/src/(build|index|keys|node|quiet|spool)\\.ts$|node_modules/jose/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'verifying-a-bundle-needs-no-node',
      severity: 'error',
      from: {
        path: '^libs/dossier/src/(verify|archive|bundle|entry-pass|gzip|key-history|manifest|reading|source|zip)\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'libs-know-no-app-nor-framework',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: ['^apps/', 'node_modules/@nestjs/', 'node_modules/fastify/'] },
    },
    {
      name: 'no-cycles-of-modules',
      severity: 'error',
      from: { path: '^(apps|libs)/' },
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['development', 'import', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
