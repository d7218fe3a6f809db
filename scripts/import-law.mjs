// Arrows point one way: protocol <- native <- sdk <- {mcp-server, cli, apps}; react imports the protocol alone, and the
// playground, which runs in a page, both. Nothing
// imports another package's src, nothing below binding/ includes napi.h, nothing outside backends/cpu includes
// immintrin.h or arm_neon.h, and no room of the engine includes a room above it.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.mjs';

const may = {
  protocol: [],
  nano: [],
  native: ['protocol'],
  sdk: ['protocol', 'native', 'nano'],
  'mcp-server': ['protocol', 'sdk'],
  cli: ['protocol', 'sdk', 'mcp-server'],
  react: ['protocol'],
  playground: ['protocol', 'react'],
};
const rooms = {
  base: [],
  tensor: ['base'],
  formats: ['base', 'tensor'],
  tokenizer: ['base', 'formats', 'tensor'],
  plan: ['base', 'tensor'],
  backends: ['base', 'tensor', 'plan'],
  models: ['base', 'tensor', 'plan', 'formats', 'backends'],
  memory: ['base', 'tensor'],
  decode: ['base', 'tokenizer', 'formats', 'tensor'],
  scheduler: ['base', 'tensor', 'formats', 'tokenizer', 'plan', 'backends', 'models', 'memory', 'decode'],
  binding: null, // all
};

/** Asked by the build, when no package is built yet, and by `trivium doctor`. */
const shared = new Set(['packages/native/scripts/build-tools.mjs']);

const faults = [];
const tracked = execFileSync('git', ['ls-files', 'packages', 'apps/playground/src'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n');
for (const file of tracked) {
  const [, name, area, room] = file.split('/');
  if (/\.(ts|tsx|mts|mjs)$/.test(file)) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*'(@trivium\/[^']+|(?:\.\.\/)+[^']*)'/g)) {
      if (target.startsWith('@trivium/')) {
        const [, to, ...inside] = target.split('/');
        if (to !== name && !may[name]?.includes(to))
          faults.push(`${file} imports ${target}: ${name} may not use ${to}`);
        if (inside[0] === 'src') faults.push(`${file} imports another package's src: ${target}`);
      } else {
        const to = join(file, '..', target);
        const own = `${file.split(`/${name}/`)[0]}/${name}/`;
        if (area === 'src' && !to.startsWith(own) && !shared.has(to))
          faults.push(`${file} leaves its package: ${target}`);
      }
    }
  }
  if (name === 'native' && area === 'src' && /\.(h|cpp)$/.test(file)) {
    const text = readFileSync(join(root, file), 'utf8');
    if (room !== 'binding' && text.includes('napi.h')) faults.push(`${file} includes napi.h`);
    const intrinsics = /\b(?:immintrin|arm_neon)\.h\b/.exec(text);
    if (intrinsics && !file.includes('src/backends/cpu/')) faults.push(`${file} includes ${intrinsics[0]}`);
    for (const [, to] of text.matchAll(/#include "(\w+)\/[^"]+"/g)) {
      if (to !== room && rooms[room] && to in rooms && !rooms[room].includes(to))
        faults.push(`${file}: ${room} may not use ${to}`);
    }
  }
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
