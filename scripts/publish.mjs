// Publishes what is not published yet: the packages of platforms first, then ours in the order in which they depend on each other,
// so that nothing that can be installed wants what is not there. Refuses to go on where a platform's binary is missing.
// Run by .github/workflows/release.yml, which npm trusts; --dry-run says what would be done.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platforms, publishedBinaryOf, stagePackages } from './stage-packages.mjs';

const isDry = process.argv.includes('--dry-run');
const missing = Object.keys(platforms).filter((name) => !publishedBinaryOf(name));
if (missing.length > 0) {
  console.error(`No binary for ${missing.join(', ')} in packages/native/build/platforms.`);
  if (!isDry) process.exit(1);
}

function isPublished(name, version) {
  try {
    const stdio = ['ignore', 'pipe', 'ignore'];
    return (
      execFileSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8', stdio }).trim() !==
      ''
    );
  } catch {
    return false; // npm fails where there is no package of that name
  }
}

// stagePackages answers platforms first and ours in the order of workspace.mjs.
for (const { name, version, file } of stagePackages(mkdtempSync(join(tmpdir(), 'trivium-publish-')))) {
  if (isPublished(name, version)) {
    console.log(`${name}@${version} is published`);
    continue;
  }
  const flags = isDry ? ['--dry-run'] : ['--provenance'];
  execFileSync('npm', ['publish', ...flags, '--access', 'public', file], { stdio: 'inherit' });
}
