/**
 * `trivium serve`: the SDK's HTTP server from the command line. Data (its address) goes to standard output, the log of
 * requests, which never holds what they say, to standard error. Refuses to know: routes, models, protocols.
 */
import { Admission, Host, type HostSettings, ServedFolder } from '@trivium/sdk';
import { FileStreamStore, type RequestLogEntry, serve } from '@trivium/sdk/server';
import { allPlugins } from '../find-command.js';
import { onStopSignals } from '../stop-signals.js';
import { type Output, textFor } from '../visible.js';
import { mcpMount, mcpPath } from './mcp-mount.js';
import { playgroundMount, playgroundPath } from './playground.js';
import { readServeFlags, type ServeFlags, serveHelp } from './serve-flags.js';

/** @returns the exit code, once the server has closed. @throws TriviumError naming the flag; where it cannot listen */
export async function runServe(argv: readonly string[]): Promise<number> {
  const flags = readServeFlags(argv, process.env);
  if (flags.help) {
    process.stdout.write(`${serveHelp}\n`);
    return 0;
  }
  return serveUntilStopped(flags);
}

async function serveUntilStopped(flags: ServeFlags): Promise<number> {
  const {
    allowNetwork,
    readOnly,
    model,
    load,
    plugins: names,
    streams,
    drainMs,
    quiet,
    playground: _,
    ...settings
  } = flags;
  const root = ServedFolder.realRoot(settings.root, '--root');
  const { allowDestructive } = settings;
  const permissions = { readOnly, allowNetwork, allowDestructive };
  const hostSettings: HostSettings = {
    ...load,
    ...(model !== undefined && { languageModel: model }),
    ...ServedFolder.hostSettings(root, permissions),
  };
  await using all = await allPlugins(hostSettings, names);
  // Ends before the plugins do: jobs that run in their threads are cancelled, and would fail once those are gone.
  await using host = new Host(hostSettings);
  if (model !== undefined) {
    process.stderr.write(`Loading ${model} …\n`);
    await host.models.preload(model, { purpose: 'language' });
  }
  const playground = flags.playground ? playgroundMount() : undefined;
  const admission = new Admission(settings);
  const shared = { host, root, admission, ...permissions };
  await using mcp = mcpMount(all.plugins, { ...shared, version: VERSION });
  const server = await serve({
    ...settings,
    ...shared,
    plugins: all.plugins,
    mounts: [mcp, ...(playground ? [playground] : [])],
    ...(model !== undefined && { model }),
    ...(streams !== undefined && { streamStore: new FileStreamStore({ folder: streams }) }),
    ...(!quiet && { onRequest: log }),
  });
  process.stdout.write(`${server.url}\n`);
  process.stderr.write(`Trivium serves ${settings.root} at ${server.url}; Ctrl-C ends it.\n`);
  process.stderr.write(`MCP: ${server.url}${mcpPath}\n`);
  if (playground) process.stderr.write(`Playground: ${server.url}${playgroundPath}\n`);
  await stopped();
  process.stderr.write('Letting calls end; Ctrl-C again ends at once.\n');
  await server.close({ drainMs });
  return 0;
}

/** Who watches the server asks for these all the time. */
const watching = new Set(['/healthz', '/metrics']);

/** One request in a line, and where a fault of the server's own was thrown below it. */
export function log(
  { requestId, method, route, status, durationMs, code, systemCode, fault }: RequestLogEntry,
  notes: Output = process.stderr,
): void {
  if (status === 200 && watching.has(route)) return;
  const words = [
    new Date().toISOString(),
    method,
    route,
    status,
    `${Math.round(durationMs)} ms`,
    requestId,
    code,
    systemCode,
  ];
  const line = words.filter((word) => word !== undefined).join(' ');
  notes.write(textFor(notes, `${line}\n${fault ? `${fault}\n` : ''}`));
}

/** The first signal ends it in order, the second at once. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    onStopSignals(() => {
      if (isStopping) process.exit(130);
      isStopping = true;
      resolve();
    });
  });
}

declare const VERSION: string;
