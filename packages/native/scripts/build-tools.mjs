// What building the engine takes, and what this machine lacks of it, each in one sentence with the command that installs it.
// Asked by the build, before there is anything else, and by `trivium doctor`, so that both say the same.
import { execFileSync } from 'node:child_process';

const mac = process.platform === 'darwin';

/**
 * Each tool with what is found of it, or else what is missing.
 * @returns {import('./build-tools.d.mts').BuildTool[]}
 */
export function buildTools() {
  return [node(), cmake(), make(), compiler()];
}

function node() {
  const found = process.versions.node;
  if (atLeast(found, 20, 19)) return { name: 'node', found: `Node ${found}` };
  const install = mac ? 'brew install node' : 'nvm install 22';
  return { name: 'node', fault: `Node 20.19 or later is missing (found ${found}): ${install}` };
}

function cmake() {
  const found = said('cmake', ['--version'], /version (\d+\.\d+)/);
  if (atLeast(found, 3, 20)) return { name: 'cmake', found: `CMake ${found}` };
  const install = mac ? 'brew install cmake' : 'apt install cmake';
  return {
    name: 'cmake',
    fault: `CMake 3.20 or later is missing${found ? ` (found ${found})` : ''}: ${install}`,
  };
}

function make() {
  const found = said('make', ['--version'], /(.*Make.*)/);
  if (found) return { name: 'make', found };
  return { name: 'make', fault: `make is missing: ${mac ? 'xcode-select --install' : 'apt install make'}` };
}

/** CMake's own: CXX, which may hold arguments, or else c++. */
function compiler() {
  const [command, ...words] = (process.env.CXX || 'c++').trim().split(/\s+/);
  const text = said(command, [...words, '--version'], /([\s\S]*)/);
  if (!text)
    return {
      name: 'c++',
      fault: `A C++20 compiler is missing${process.env.CXX ? ` (CXX is ${process.env.CXX})` : ''}: ${mac ? 'xcode-select --install' : 'apt install g++'}`,
    };
  const clang = /clang version (\d+\.\d+)/.exec(text)?.[1];
  const gcc = clang
    ? undefined
    : said(command, [...words, '-dumpfullversion', '-dumpversion'], /(\d+(?:\.\d+)?)/);
  if (clang ? atLeast(clang, 14, 0) : atLeast(gcc, 11, 0)) return { name: 'c++', found: text.split('\n')[0] };
  const install = mac ? 'xcode-select --install' : 'apt install g++-11';
  return {
    name: 'c++',
    fault: `${command} is too old for C++20 (found ${clang ?? gcc}): ${install}, then set CXX`,
  };
}

function said(command, args, pattern) {
  try {
    const output = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return pattern.exec(output)?.[1];
  } catch {
    return undefined;
  }
}

function atLeast(found, major, minor) {
  const [a = 0, b = 0] = (found ?? '0').split('.').map(Number);
  return a > major || (a === major && b >= minor);
}
