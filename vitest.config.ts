import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// `source` lets tests resolve workspace packages to src/ without a build (see each lib's package.json "exports").
const resolve = { conditions: ['source'], externalConditions: ['source'] };

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve },
  test: {
    // Tests of real servers wait more than they work: two at once also where there are two cores.
    // Waits end when what they wait for is there: how long that takes decides no test.
    expect: { poll: { timeout: 60_000 } },
    setupFiles: ['deploy/workspace/property-seed.mjs'],
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Unit tests are pure: sharing a worker between files takes a quarter of the time.
          isolate: false,
          // Only against hanging: how fast the machine is decides no test.
          testTimeout: 60_000,
          include: ['{services,libs,gateway,deploy,bench}/**/*.spec.{ts,tsx}'],
          exclude: ['**/*.int.spec.{ts,tsx}', '**/node_modules/**', '**/dist/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'int',
          include: ['{services,libs,gateway,deploy}/**/*.int.spec.{ts,tsx}'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.spec.ts'],
          // Each file runs a whole platform: one after the other, and after all that is small.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
