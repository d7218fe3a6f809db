/** What memory delivers to a streaming read, through a small C++ program that is compiled for this machine. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { benchFolder } from './data.mjs';

/** `{ GBPerSecond }` over `threads` threads, or `{ absent }` with the reason. */
export function readBandwidth(cacheFolder, threads) {
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(path.join(cacheFolder, 'bandwidth-'));
  try {
    const program = path.join(folder, 'bandwidth');
    const source = path.join(benchFolder, 'bandwidth.cpp');
    const compiler = process.env.CXX ?? 'c++';
    const flags = ['-std=c++20', '-O3', '-march=native', '-pthread', '-o', program];
    const compiled = spawnSync(compiler, [...flags, source], { encoding: 'utf8' });
    if (compiled.status !== 0) {
      return {
        absent: `${compiler} cannot compile bandwidth.cpp: ${compiled.error?.message ?? compiled.stderr}`,
      };
    }
    const { status, stdout } = spawnSync(program, [String(threads)], { encoding: 'utf8' });
    return status === 0 ? { GBPerSecond: Number(stdout) } : { absent: 'the reading program failed' };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
