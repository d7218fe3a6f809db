/**
 * `trivium serve`: the SDK's HTTP server from the command line. Data (its address) goes to standard output, the log of
 * requests, which never holds what they say, to standard error. Refuses to know: routes, models, protocols.
 */
import { Host } from '@trivium/sdk';
import { FileStreamStore, type RequestLogEntry, serve } from '@trivium/sdk/server';
import { failure } from '../command.js';
import { allPlugins } from '../find-command.js';
import { readServeFlags, type ServeFlags, serveHelp } from './serve-flags.js';

/** @returns the exit code, once the server has closed */
export async function runServe(argv: readonly string[]): Promise<number> {
  try {
    const flags = readServeFlags(argv, process.env);
    if (flags.help) {
      process.stdout.write(`${serveHelp}\n`);
      return 0;
    }
    return await serveUntilStopped(flags);
  } catch (error) {
    const { text, code } = failure(error, false);
    process.stderr.write(`${text}\n`);
    return code;
  }
}

async function serveUntilStopped(flags: ServeFlags): Promise<number> {
  const { allowNetwork, readOnly, model, load, plugins: names, streams, drainMs, quiet, ...settings } = flags;
  // The host has its own word on it: what no route should do is not done by way of another either.
  await using host = new Host({ ...load, ...(!(allowNetwork && !readOnly) && { hub: { offline: true } }) });
  await using all = await allPlugins(names);
  if (model !== undefined) {
    process.stderr.write(`Loading ${model} …\n`);
    await host.models.preload(model, { purpose: 'language' });
  }
  const server = await serve({
    host,
    plugins: all.plugins,
    allowNetwork,
    readOnly,
    ...settings,
    ...(model !== undefined && { model }),
    ...(streams !== undefined && { streamStore: new FileStreamStore({ folder: streams }) }),
    ...(!quiet && { onRequest: log }),
  });
  process.stdout.write(`${server.url}\n`);
  process.stderr.write(`Trivium serves ${settings.root} at ${server.url}; Ctrl-C ends it.\n`);
  await stopped();
  process.stderr.write('Letting calls end; Ctrl-C again ends at once.\n');
  await server.close({ drainMs });
  return 0;
}

function log({ requestId, method, route, status, durationMs, code, fault }: RequestLogEntry): void {
  const words = [
    new Date().toISOString(),
    method,
    route,
    status,
    `${Math.round(durationMs)} ms`,
    requestId,
    code,
  ];
  process.stderr.write(
    `${words.filter((word) => word !== undefined).join(' ')}\n${fault ? `${fault}\n` : ''}`,
  );
}

/** The first signal ends it in order, the second at once. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = () => {
      if (isStopping) process.exit(130);
      isStopping = true;
      resolve();
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
  });
}
