/** The command line of `trivium-mcp-server`, with a twin in the environment where a secret or an installation decides. */
import { parseArgs } from 'node:util';
import { TriviumError } from '@trivium/protocol';

export const help = `trivium-mcp-server [--root DIR] [--plugins A,B] [--read-only] [--allow-network] [--allow-destructive]
                   [--http [--host ADDRESS] [--port N] [--token TOKEN]]

Serves the documents in DIR to an MCP client, over standard input and output, or over HTTP at /mcp.

  --root DIR              the only folder that is read (default: the current one)
  --plugins A,B           plugins whose tools are offered too, instead of those that TRIVIUM_PLUGINS and the
                          package.json of the current folder name
  --read-only             leave out tools that write files
  --allow-network         offer tools that download, and let models be hf:org/repo
  --allow-destructive     offer tools that remove or overwrite
  --max-output-bytes N    the largest answer of a tool (default: 4194304)
  --http                  listen instead of reading standard input
  --host ADDRESS          where to listen (default: 127.0.0.1); beyond this machine only with a token
  --port N                default: 7475; 0 takes a free one
  --token TOKEN           what clients must send as authorization: Bearer TOKEN (or TRIVIUM_MCP_TOKEN, which other
                          users of the machine do not see)
  --allowed-host NAME     another name the server may be called by; may be given again
  --allowed-origin ORIGIN pages that may call, as https://app.example; may be given again
  --help                  this text`;

const options = {
  root: { type: 'string' },
  plugins: { type: 'string' },
  'read-only': { type: 'boolean' },
  'allow-network': { type: 'boolean' },
  'allow-destructive': { type: 'boolean' },
  'max-output-bytes': { type: 'string' },
  http: { type: 'boolean' },
  host: { type: 'string' },
  port: { type: 'string' },
  token: { type: 'string' },
  'allowed-host': { type: 'string', multiple: true },
  'allowed-origin': { type: 'string', multiple: true },
  help: { type: 'boolean' },
} as const;

export interface Flags {
  help: boolean;
  root: string | undefined;
  plugins: string[] | undefined;
  readOnly: boolean;
  allowNetwork: boolean;
  allowDestructive: boolean;
  maxOutputBytes: number | undefined;
  /** `undefined`: standard input and output. */
  http:
    | {
        host: string | undefined;
        port: number | undefined;
        token: string | undefined;
        allowedHosts: string[];
        allowedOrigins: string[];
      }
    | undefined;
}

const onlyHttp = ['host', 'port', 'token', 'allowed-host', 'allowed-origin'] as const;

/** @throws TriviumError `invalid-argument` naming the flag */
export function parseFlags(argv: readonly string[], env: NodeJS.ProcessEnv): Flags {
  const values = valuesOf(argv);
  const stray = values.http ? undefined : onlyHttp.find((name) => values[name] !== undefined);
  if (stray !== undefined)
    throw wrong(stray, 'has a meaning with --http only', 'Add --http, or leave it out.');
  return {
    help: values.help ?? false,
    root: values.root,
    plugins: values.plugins?.split(',').filter(Boolean),
    readOnly: values['read-only'] ?? false,
    allowNetwork: values['allow-network'] ?? false,
    allowDestructive: values['allow-destructive'] ?? false,
    maxOutputBytes: numberOf('max-output-bytes', values['max-output-bytes'], 1, 2 ** 30),
    http: values.http
      ? {
          host: values.host,
          port: numberOf('port', values.port, 0, 65_535),
          token: tokenOf(values.token, env.TRIVIUM_MCP_TOKEN || undefined),
          allowedHosts: values['allowed-host'] ?? [],
          allowedOrigins: values['allowed-origin'] ?? [],
        }
      : undefined,
  };
}

function valuesOf(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (cause) {
    throw new TriviumError('invalid-argument', (cause as Error).message, { remedy: 'See --help.', cause });
  }
}

function numberOf(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw wrong(name, `is no whole number from ${least} to ${most}`, 'Correct it.', text);
}

/** The flag before the variable; from a file either may end with its line. */
function tokenOf(flag: string | undefined, variable: string | undefined): string | undefined {
  const token = (flag ?? variable)?.trim();
  if (token !== '') return token;
  const field = flag === undefined ? 'TRIVIUM_MCP_TOKEN' : '--token';
  throw new TriviumError('invalid-argument', `${field} is empty.`, {
    field,
    remedy: 'Give a token of at least one character, or leave it out.',
  });
}

const wrong = (name: string, what: string, remedy: string, found?: string) =>
  new TriviumError('invalid-argument', `--${name} ${what}.`, { field: `--${name}`, found, remedy });
