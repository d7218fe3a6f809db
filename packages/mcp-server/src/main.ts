/** `trivium-mcp-server`: from flags to a surface, and the surface to its client. */
import { TriviumError } from '@trivium/protocol';
import {
  Admission,
  documents,
  Host,
  jobs,
  loadPlugins,
  models,
  namedPlugins,
  ServedFolder,
} from '@trivium/sdk';
import { type Flags, help, parseFlags } from './flags.js';
import { serveHttp } from './http/serve-http.js';
import { serveStdio } from './serve-stdio.js';
import type { McpSurface } from './surface/surface.js';
import { triviumSurface } from './trivium-surface.js';

declare const VERSION: string;

/** @returns the exit code, once the client has gone or the process is told to end */
export async function main(argv: readonly string[]): Promise<number> {
  // Notes that nobody reads, or that no disk has room for, end nothing.
  process.stderr.on('error', () => {});
  try {
    const flags = parseFlags(argv, process.env);
    if (!flags.help) return await run(flags);
    process.stderr.write(`${help}\n`);
    return 0;
  } catch (error) {
    const { message, remedy } = TriviumError.from(error);
    process.stderr.write(`trivium-mcp-server: ${message}\n${remedy ? `  remedy: ${remedy}\n` : ''}`);
    return 2;
  }
}

async function run(flags: Flags): Promise<number> {
  const { readOnly, allowNetwork, allowDestructive, maxOutputBytes } = flags;
  const root = ServedFolder.realRoot(flags.root ?? process.cwd(), '--root');
  const settings = ServedFolder.hostSettings(root, flags);
  const { names, fromFolder } = await pluginNames(flags.plugins);
  await using loaded = await loadPlugins([documents, models, jobs, ...names], {
    from: fromFolder,
    host: settings,
  });
  // Ends before the plugins do, so that jobs in their threads are cancelled and do not fail.
  await using host = new Host(settings);
  const surface = triviumSurface(loaded.plugins, {
    host,
    root,
    readOnly,
    allowNetwork,
    allowDestructive,
    admission: new Admission(),
    version: VERSION,
    ...(maxOutputBytes !== undefined && { limits: { outputBytes: maxOutputBytes } }),
  });
  await serve(surface, flags.http);
  return 0;
}

/** What `--plugins` names, or else the environment and the app. */
async function pluginNames(given: string[] | undefined): Promise<{ names: string[]; fromFolder: string }> {
  const { names, fromFolder } = await namedPlugins(process.cwd());
  return { names: given ?? names, fromFolder };
}

async function serve(surface: McpSurface, http: Flags['http']): Promise<void> {
  const controller = new AbortController();
  const told = new Promise<void>((resolve) =>
    controller.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  const end = () => controller.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    if (!http) return await serveStdio(surface, controller.signal);
    const { host, port, ...guarded } = http;
    await using server = await serveHttp({
      surface,
      ...guarded,
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port }),
    });
    process.stderr.write(`trivium-mcp-server: listening on ${server.url}\n`);
    await told;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}
