// Builds the site into .vitepress/dist: pages from the packages, then all of them, then a look at every quote and link. It wants the
// packages built; scripts/docs.mjs of the repository sees to that.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { deadLinks } from './check-links.mjs';
import { quoteFaults } from './check-quotes.mjs';
import { typeCheckFaults } from './check-types.mjs';
import { docs } from './generate/write-page.mjs';

const step = (...args) => execFileSync(process.execPath, args, { cwd: docs, stdio: 'inherit' });

/** Ends the build where something was found. */
function refuse(faults, kind) {
  for (const sentence of faults) console.error(sentence);
  if (faults.length === 0) return;
  console.error(`${faults.length} ${kind}`);
  process.exit(1);
}

step('node_modules/typescript/bin/tsc', '--noEmit', '-p', '.');
refuse(typeCheckFaults(), 'faults of the check of types');
step('generate/index.mjs');
refuse(quoteFaults(join(docs, 'pages')), 'faults on pages');
step('node_modules/vitepress/bin/vitepress.js', 'build');
refuse(deadLinks(join(docs, '.vitepress/dist')), 'dead links');
console.log(`No link is dead. The site is in ${join(docs, '.vitepress/dist')}.`);
