// Import-direction rules for the monorepo. Run: depcruise --config .dependency-cruiser.mjs services libs gateway deploy e2e
const test = '\\.(spec|int\\.spec)\\.tsx?$|/testing/';
const rule = (name, from, to) => ({ name, severity: 'error', from, to });
export default {
  forbidden: [
    rule('no-circular', {}, { circular: true }),
    rule('no-service-to-service', { path: '^services/([^/]+)/' }, { path: '^services/', pathNot: '^services/$1/' }),
    rule('only-deploy-composes-services', { pathNot: '^(services|deploy)/' }, { path: '^services/' }),
    rule(
      'domain-is-pure',
      { path: '^services/([^/]+)/src/domain/', pathNot: test },
      { pathNot: '^(services/$1/src/domain/|libs/(contracts|decider|errors)/|libs/catalogue/src/rules/)' },
    ),
    rule(
      'app-sees-ports-only',
      { path: '^services/([^/]+)/src/app/', pathNot: test },
      {
        path: '^services/$1/src/(adapters/|config\\.ts|main\\.ts|[^/]+\\.module\\.ts)|node_modules/(@nats-io|@nestjs/microservices|@aws-sdk|mongoose|dockerode|onnxruntime-node|fastify)/',
      },
    ),
    rule(
      'app-does-no-io',
      { path: '^services/([^/]+)/src/app/', pathNot: test },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(path|path/posix|util|events|assert)$' },
    ),
    rule(
      'adapters-only-wired-by-module',
      { path: '^services/([^/]+)/src/(?!adapters/|main\\.ts|[^/]+\\.module\\.ts)', pathNot: test },
      { path: '^services/$1/src/adapters/' },
    ),
    rule(
      'catalogue-rules-are-pure',
      { path: '^libs/catalogue/src/rules/', pathNot: test },
      { pathNot: '^libs/(catalogue/src/rules|contracts|decider|errors)/' },
    ),
    rule('libs-never-import-up', { path: '^libs/' }, { path: '^(services|gateway|deploy|e2e)/' }),
    rule(
      'contracts-is-a-leaf',
      { path: '^libs/contracts/', pathNot: test },
      { pathNot: '^libs/contracts/|node_modules/(typebox|@sinclair/typebox)/' },
    ),
    rule(
      'decider-is-a-leaf',
      { path: '^libs/decider/', pathNot: test },
      { pathNot: '^libs/decider/|^(node:)?assert(/strict)?$' },
    ),
    rule(
      'pure-libs-know-no-framework',
      { path: '^libs/(contracts|decider|errors)/' },
      { path: 'node_modules/(@nestjs|fastify|@nats-io)/' },
    ),
    rule(
      'console-speaks-rest-only',
      { path: '^gateway/console/' },
      { path: '^(libs/(?!(contracts|sdk)/)|gateway/(?!console/)|services/)' },
    ),
    rule('e2e-is-black-box', { path: '^e2e/' }, { path: '^(gateway|deploy)/|^libs/(?!(contracts|sdk|testkit)/)' }),
    rule(
      'testkit-only-in-tests',
      { path: '^(services|gateway|libs)/', pathNot: `${test}|^libs/testkit/` },
      { path: '^libs/testkit/' },
    ),
    rule(
      'declared-deps-only',
      { path: '^(services|libs|gateway)/', pathNot: test },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    rule('resolvable', {}, { couldNotResolve: true }),
  ],
  options: {
    parser: 'swc', // TypeScript 7 has no JS API yet; swc sees `import type` too
    exclude: { path: '^(?:(?!node_modules/).)*/dist/' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'types', 'node', 'default'],
    },
  },
};
