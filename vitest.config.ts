import { defineConfig } from 'vitest/config';
import { reactProjects } from './packages/react/test/projects.js';

// Addons want processes, not threads; a test that spawns workers does so itself.
const shared = { pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 } as const;

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'node',
          include: [
            'packages/*/test/**/*.test.ts',
            'apps/*/test/**/*.test.ts',
            'examples/*/test/**/*.test.ts',
          ],
          exclude: ['packages/react/**', '**/node_modules/**'],
        },
      },
      ...reactProjects(shared),
    ],
  },
});
