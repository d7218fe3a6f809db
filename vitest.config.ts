import { defineConfig } from 'vitest/config';
import { reactProjects } from './packages/react/test/projects.js';

// Addons want processes, not threads; a test that spawns workers does so itself.
const shared = { pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 } as const;

const tests = (kind: string) =>
  ['packages', 'apps', 'examples'].map((room) => `${room}/*/test/**/*.${kind}.ts`);
/** What starts processes, workers, servers and bins, watches, or goes through thousands of cases. */
const integration = tests('integration.test');
const elsewhere = ['packages/react/**', '**/node_modules/**'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { ...shared, name: 'unit', include: tests('test'), exclude: [...elsewhere, ...integration] } },
      { test: { ...shared, name: 'integration', include: integration, exclude: elsewhere } },
      ...reactProjects(shared),
    ],
  },
});
