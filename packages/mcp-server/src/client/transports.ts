/** Where a server is, and the way there: a command that is started, or a URL. */
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { AnswerStreams } from './answer-streams.js';
import { RenewingTransport, type RenewingTransportSettings } from './renewing-transport.js';

export interface CommandTarget {
  command: string;
  args?: readonly string[];
  /** Beside what every program needs (`PATH`, `HOME`, …); nothing else of this process's environment goes along. */
  env?: Readonly<Record<string, string>>;
  /** Default: the working directory. */
  cwd?: string;
}

export interface UrlTarget {
  url: string | URL;
  /** Sent with every request: `{ authorization: 'Bearer …' }`. */
  headers?: Readonly<Record<string, string>>;
  fetch?: typeof globalThis.fetch;
}

export type McpTarget = CommandTarget | UrlTarget;

export interface Way {
  transport: Transport;
  /** For messages: never with what is secret. */
  place: string;
  /** The last that the server wrote beside the protocol. */
  lastWords(): string;
}

const keptCharacters = 2000;

export function wayTo(
  target: McpTarget,
  renewal: Pick<RenewingTransportSettings, 'newClient' | 'onGreeted'>,
): Way {
  if ('url' in target) {
    const { headers, fetch } = target;
    const url = new URL(target.url);
    const open = (streams: AnswerStreams) =>
      new StreamableHTTPClientTransport(url, {
        ...(headers && { requestInit: { headers: { ...headers } } }),
        fetch: streams.through(fetch),
      });
    const transport = new RenewingTransport({ open, ...renewal });
    return { transport, place: `${url.origin}${url.pathname}`, lastWords: () => '' };
  }
  const { command, args = [], env, cwd } = target;
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    env: { ...getDefaultEnvironment(), ...env },
    stderr: 'pipe',
    ...(cwd !== undefined && { cwd }),
  });
  let said = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-keptCharacters);
  });
  return { transport, place: command, lastWords: () => said.trim() };
}
