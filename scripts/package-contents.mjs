// What may be in a published tarball: what is built and what is read, no tests, no configuration, and source maps that name
// the package's own sources by relative paths and carry their text.
import { execFileSync } from 'node:child_process';

const welcome = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CARD\.md)$/,
  /^dist\/[\w./-]+\.(js|cjs|d\.ts|d\.cts|js\.map)$/,
  /^dist\/playground\/(index\.html|trivium\.svg|assets\/[\w-]+\.(js|css))$/,
  /^bin\/[\w-]+\.mjs$/,
  /^models\/[\w-]+\.(gguf|json)$/,
  /^trivium_native\.node$/,
];

/** @returns sentences about a tarball, none where all is well */
export function faultsOf(tarball, paths) {
  const name = tarball.split('/').at(-1);
  const strange = paths.filter(
    (path) => !welcome.some((pattern) => pattern.test(path)) || /(^|\/)tests?\/|\.test\./.test(path),
  );
  const missing = ['package.json', 'LICENSE'].filter((path) => !paths.includes(path));
  const maps = paths.filter((path) => path.endsWith('.map'));
  return [
    ...strange.map((path) => `${name} holds ${path}`),
    ...missing.map((path) => `${name} lacks ${path}`),
    ...maps.flatMap((path) => mapFaults(`${name}: ${path}`, read(tarball, path))),
  ];
}

const read = (tarball, path) =>
  execFileSync('tar', ['-xzOf', tarball, `package/${path}`], { encoding: 'utf8', maxBuffer: 1 << 26 });

function mapFaults(where, text) {
  const { sources, sourcesContent = [] } = JSON.parse(text);
  // The check of build tools is asked before anything is built, so it is no TypeScript; `doctor` of the cli carries a copy.
  const outside = sources.filter(
    (source) =>
      !/^(\.\.\/)+(src|lib)\/[\w./-]+\.tsx?$/.test(source) &&
      source !== '../../native/scripts/build-tools.mjs',
  );
  const empty = sources.filter((_, index) => typeof sourcesContent[index] !== 'string');
  return [
    ...outside.map((source) => `${where} points to ${source}`),
    ...empty.map((source) => `${where} lacks the text of ${source}`),
  ];
}
