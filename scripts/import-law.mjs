// Arrows point one way: protocol <- native <- sdk <- {mcp-server, cli, apps}; react imports the protocol alone, and the
// playground, which runs in a page, both. Nothing
// imports another package's src, nothing below binding/ includes napi.h, nothing outside backends/cpu includes
// immintrin.h or arm_neon.h, and no room of the engine or of the SDK uses a room above it.

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
const engineRooms = {
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
const sdkRooms = {
  base: [],
  models: ['base'],
  documents: ['base', 'models'],
  'long-text': ['base', 'documents'],
  provider: ['base', 'models', 'documents'],
  testing: ['provider'],
  jobs: ['base'],
  host: ['base', 'models', 'documents', 'long-text', 'provider', 'jobs'],
  plugins: ['base', 'host', 'jobs'],
  served: ['base', 'models', 'host', 'jobs'],
  server: ['base', 'models', 'documents', 'long-text', 'provider', 'jobs', 'host', 'served'],
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
        const [, , , toRoom] = to.split('/');
        if (
          name === 'sdk' &&
          area === 'src' &&
          toRoom !== room &&
          sdkRooms[room] &&
          !sdkRooms[room].includes(toRoom)
        )
          faults.push(`${file}: ${room} may not use ${toRoom}`);
      }
    }
  }
  if (name === 'native' && area === 'src' && /\.(h|cpp)$/.test(file)) {
    const text = readFileSync(join(root, file), 'utf8');
    if (room !== 'binding' && text.includes('napi.h')) faults.push(`${file} includes napi.h`);
    const intrinsics = /\b(?:immintrin|arm_neon)\.h\b/.exec(text);
    if (intrinsics && !file.includes('src/backends/cpu/')) faults.push(`${file} includes ${intrinsics[0]}`);
    for (const [, to] of text.matchAll(/#include "(\w+)\/[^"]+"/g)) {
      if (to !== room && engineRooms[room] && to in engineRooms && !engineRooms[room].includes(to))
        faults.push(`${file}: ${room} may not use ${to}`);
    }
  }
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
