import { defineConfig } from 'vitest/config';
import { reactProjects } from './packages/react/test/projects.js';

// Addons want processes, not threads; a test that spawns workers does so itself.
const shared = { pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 } as const;

const tests = (kind: string) =>
  ['packages', 'apps', 'examples'].map((room) => `${room}/*/test/**/*.${kind}.ts`);
/**
 * What starts processes, workers, servers and bins, watches, puts other modules in place of ours, or goes through thousands of
 * cases.
 */
const integration = tests('integration.test');
const elsewhere = ['packages/react/**', '**/node_modules/**'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          // The modules of one file serve the next: to load them anew took a third of the time.
          isolate: false,
          include: tests('test'),
          exclude: [...elsewhere, ...integration],
        },
      },
      { test: { ...shared, name: 'integration', include: integration, exclude: elsewhere } },
      ...reactProjects(shared),
    ],
  },
});
