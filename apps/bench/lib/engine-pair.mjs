/**
 * Our engine and node-llama-cpp over one file, both limited to the same instruction set and the same threads. Knows which
 * limits exist and what to say where one cannot be had; measures nothing.
 */
import { startEngine } from './engine-process.mjs';
import { peerUpToAvx2 } from './peers.mjs';

/**
 * Starts both. `isa` is "best" (whatever each engine chooses by itself) or "avx2". The peer gets as many threads as ours
 * has. Resolves to `{ engines, notes, close() }`, ours first; without a peer (`peer.absent`) ours alone.
 */
export async function startPair({ file, contextTokens, isa, peer, cacheFolder }) {
  const notes = [];
  const limited = isa === 'avx2';
  const environment = limited ? { TRIVIUM_ISA: 'avx2' } : {};
  const ours = await startEngine('trivium', { file, contextTokens }, environment);
  const engines = [ours];
  const close = async () => {
    for (const engine of engines) await engine.close();
  };
  if (peer.absent) return { engines, notes: [peer.absent], close };
  try {
    let replace;
    if (limited) {
      const limit = peerUpToAvx2(cacheFolder, peer.version);
      replace = limit.replace;
      if (limit.absent) notes.push(`node-llama-cpp is not limited: ${limit.absent}`);
    }
    const { threads } = ours.facts;
    const settings = { file, contextTokens, threads, entry: peer.entry, replace };
    engines.push(await startEngine('node-llama-cpp', settings));
    return { engines, notes, close };
  } catch (error) {
    await close();
    throw error;
  }
}
