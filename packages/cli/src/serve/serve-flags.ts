/** The flags of `trivium serve`, their help and what they mean. Knows strings, starts nothing. */
import { parseArgs } from 'node:util';
import { TriviumError } from '@trivium/protocol';
import { unparsed } from '../flags.js';
import { type LoadSettings, loadSettingsOf } from '../own-flags.js';

export const serveHelp = `trivium serve [flags]

Serves models, documents and jobs over HTTP: OpenAI's interface at /v1, the AI SDK's chat at /api/chat, capabilities at
/v1/capabilities, MCP at /mcp, this interface as a document at /openapi.json, and a page to try it all at /playground.

  --port NUMBER         default 7474; 0 takes one that is free
  --host ADDRESS        default 127.0.0.1; any that other machines reach wants a key
  --root DIR            the only folder that callers may name paths in; default: the current one
  --model MODEL         the model that writes where a call names none, loaded at the start; default: TRIVIUM_MODEL
                        (ask and summarize quote where none is named)
  --quantize TYPE       hold the plain weights of models in fewer bits: q8_0, q6_k, q5_k, q4_k, q4_0; default as in the file
  --kv-type TYPE        hold keys and values so: f32, f16, q8_0; default f32 for F32 models, f16 otherwise
  --activation-bits N   round activations to 8 or 16 bits where they meet quantized weights; default by the model's size
  --context-tokens N    tokens of context; default each model's own
  --kv-memory-bytes N   bytes of keys and values of a model at most
  --api-key KEY         a key that callers must give, may be repeated; better TRIVIUM_API_KEY, which no process list shows
  --plugins NAME        packages that bring more capabilities, separated by commas; may be repeated
  --streams DIR         keep running answers of /api/chat in files, so that they survive a restart; default: memory
  --read-only           leave out what writes files
  --allow-network       offer what downloads, and let models be hf:org/repo
  --allow-destructive   offer what removes or overwrites
  --allow-host NAME     a name of this server that clients may call it by, may be repeated
  --allow-origin URL    an origin whose pages may call, may be repeated
  --max-concurrent N    calls that run at once, default 64; 256 more wait
  --drain-seconds N     seconds that calls may take to end when the server is stopped, default 10
  --no-playground       no page at /playground
  --quiet               no log of requests
  --help                this text

Examples:
  trivium serve --root ./docs --model nano
  TRIVIUM_API_KEY=… trivium serve --host 0.0.0.0 --model hf:Qwen/Qwen3-4B-GGUF:Q4_K_M --allow-network`;

export interface ServeFlags {
  help: boolean;
  port: number;
  hostname: string;
  root: string;
  model?: string;
  load: LoadSettings;
  apiKeys: string[];
  plugins: string[];
  streams?: string;
  readOnly: boolean;
  allowNetwork: boolean;
  allowDestructive: boolean;
  allowedHosts?: string[];
  allowedOrigins: string[];
  maxConcurrent?: number;
  drainMs: number;
  playground: boolean;
  quiet: boolean;
}

export const serveOptions = {
  port: { type: 'string', default: '7474' },
  host: { type: 'string', default: '127.0.0.1' },
  root: { type: 'string', default: '.' },
  model: { type: 'string' },
  quantize: { type: 'string' },
  'kv-type': { type: 'string' },
  'activation-bits': { type: 'string' },
  'context-tokens': { type: 'string' },
  'kv-memory-bytes': { type: 'string' },
  'api-key': { type: 'string', multiple: true, default: [] as string[] },
  plugins: { type: 'string', multiple: true, default: [] as string[] },
  streams: { type: 'string' },
  'read-only': { type: 'boolean', default: false },
  'allow-network': { type: 'boolean', default: false },
  'allow-destructive': { type: 'boolean', default: false },
  'allow-host': { type: 'string', multiple: true, default: [] as string[] },
  'allow-origin': { type: 'string', multiple: true, default: [] as string[] },
  'max-concurrent': { type: 'string' },
  'drain-seconds': { type: 'string', default: '10' },
  'no-playground': { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws TriviumError `invalid-argument` naming the flag */
export function readServeFlags(argv: readonly string[], env: NodeJS.ProcessEnv): ServeFlags {
  const values = parsed(argv);
  const model = values.model ?? env.TRIVIUM_MODEL;
  const { streams } = values;
  return {
    help: values.help,
    port: numberOf('port', values.port, 0, 65_535),
    hostname: values.host,
    root: values.root,
    ...(model && { model }),
    load: loadSettingsOf(values),
    apiKeys: [...values['api-key'], ...(env.TRIVIUM_API_KEY ? [env.TRIVIUM_API_KEY] : [])],
    plugins: values.plugins
      .flatMap((names) => names.split(','))
      .map((name) => name.trim())
      .filter(Boolean),
    ...(streams !== undefined && { streams }),
    readOnly: values['read-only'],
    allowNetwork: values['allow-network'],
    allowDestructive: values['allow-destructive'],
    ...(values['allow-host'].length > 0 && { allowedHosts: values['allow-host'] }),
    allowedOrigins: values['allow-origin'],
    ...(values['max-concurrent'] !== undefined && {
      maxConcurrent: numberOf('max-concurrent', values['max-concurrent'], 1, 100_000),
    }),
    drainMs: numberOf('drain-seconds', values['drain-seconds'], 0, 86_400) * 1000,
    playground: !values['no-playground'],
    quiet: values.quiet,
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: serveOptions }).values;
  } catch (cause) {
    throw unparsed('serve', Object.keys(serveOptions), cause as Error);
  }
}

function numberOf(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new TriviumError(
    'invalid-argument',
    `--${flag} wants a whole number from ${least} to ${most}, not "${text}".`,
    {
      field: `--${flag}`,
      found: text,
      remedy: 'Correct the value.',
    },
  );
}
