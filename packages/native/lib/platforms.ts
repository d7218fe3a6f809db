/** The platforms that binaries are published for, and which of their packages are here. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Each name stands in a call of its own, so that bundlers and tracers of files find the package that is installed. */
export const platformPackages = {
  'linux-x64-gnu': () => require('@trivium/native-linux-x64-gnu'),
  'linux-arm64-gnu': () => require('@trivium/native-linux-arm64-gnu'),
  'linux-x64-musl': () => require('@trivium/native-linux-x64-musl'),
  'linux-arm64-musl': () => require('@trivium/native-linux-arm64-musl'),
  'darwin-arm64': () => require('@trivium/native-darwin-arm64'),
  'win32-x64': () => require('@trivium/native-win32-x64'),
} satisfies Record<string, () => unknown>;

export type Platform = keyof typeof platformPackages;

export const isPlatform = (name: string): name is Platform => name in platformPackages;

export const packageOf = (platform: Platform): string => `@trivium/native-${platform}`;

/** `linux-x64-gnu`, `linux-arm64-musl`, `darwin-arm64`, …, also where there is no binary. */
export function platformName(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  return `linux-${arch}-${hasGlibc() ? 'gnu' : 'musl'}`;
}

function hasGlibc(): boolean {
  const report: { excludeNetwork?: boolean; getReport(): unknown } = process.report;
  const { excludeNetwork } = report;
  report.excludeNetwork = true; // else it waits for the names of all that open sockets lead to
  try {
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return header?.glibcVersionRuntime !== undefined;
  } finally {
    report.excludeNetwork = excludeNetwork ?? false;
  }
}

/** Names of the packages that are installed, whatever system they are for. */
export function installedPackages(): string[] {
  return (Object.keys(platformPackages) as Platform[]).map(packageOf).filter((name) => {
    try {
      return require.resolve(`${name}/package.json`) !== '';
    } catch {
      return false;
    }
  });
}
