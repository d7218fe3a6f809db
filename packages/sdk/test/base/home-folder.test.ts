/** Users that the system knows no home of, as in a container that runs under a number of its own. */
import { lstatSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultCacheFolder } from '../../src/base/cache-folder.js';
import { resolveHubSettings } from '../../src/models/hub/hub-settings.js';

const user = process.getuid?.();
let temporary: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'trivium-no-home-'));
  for (const name of ['TRIVIUM_CACHE_DIR', 'XDG_CACHE_HOME', 'HF_HOME', 'HF_HUB_CACHE']) vi.stubEnv(name, '');
  vi.stubEnv('HOME', '');
  vi.stubEnv('TMPDIR', temporary);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});

describe.skipIf(user === undefined)('a user without a home', () => {
  it('has a cache in a temporary folder that nobody else reads', () => {
    const folder = join(temporary, `trivium-${user}`);
    expect(defaultCacheFolder()).toBe(folder);
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
    expect(defaultCacheFolder()).toBe(folder);
    expect(resolveHubSettings().huggingFaceFolder.startsWith(folder)).toBe(true);
  });

  it('is told what to set where that folder is not its own', () => {
    symlinkSync(tmpdir(), join(temporary, `trivium-${user}`));
    const fault = expect.objectContaining({
      code: 'io',
      remedy: expect.stringContaining('TRIVIUM_CACHE_DIR'),
    });
    expect(() => defaultCacheFolder()).toThrow(fault);
    vi.stubEnv('TRIVIUM_CACHE_DIR', temporary);
    expect(resolveHubSettings().modelsFolder).toBe(join(temporary, 'models'));
  });
});
