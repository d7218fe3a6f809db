/** What a built module loads before it runs: each package is time that every start pays. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The packages that a built module and those beside it import, whether it runs that code or not; not what it imports later. */
export function packagesOf(module: URL, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(module.href)) return packages;
  seen.add(module.href);
  const code = readFileSync(fileURLToPath(module), 'utf8');
  for (const [, name] of code.matchAll(/^(?:import|\} from|export .* from) ?(?:.* from )?"([^"]+)";$/gm)) {
    if (!name!.startsWith('.')) packages.add(name!);
    else for (const inner of packagesOf(new URL(name!, module), seen)) packages.add(inner);
  }
  return packages;
}
