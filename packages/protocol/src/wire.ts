/**
 * How capabilities and errors travel over HTTP: paths, frames, one shape of errors. Knows no server and no client; both
 * import it, so that neither is written against the other.
 */
import * as z from 'zod';
import type { AnyCapability } from './capability.js';
import { TriviumError, type TriviumErrorCode, triviumErrorCodes } from './errors.js';

/** Where a capability is called: `POST`, its input as JSON. */
export const capabilityPath = ({ plugin, name }: Pick<AnyCapability, 'plugin' | 'name'>) =>
  `/v1/capabilities/${plugin}/${name}`;

/**
 * One event of a streamed call (`accept: text/event-stream`): any number of `progress`, then `output` or `error`.
 * Each travels as the data of one server-sent event.
 */
export const callFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: z.unknown() }),
  z.object({ type: z.literal('output'), output: z.unknown() }),
  z.object({ type: z.literal('error'), error: z.looseObject({ message: z.string() }) }),
]);
export type CallFrame = z.output<typeof callFrame>;

interface HttpMeaning {
  status: number;
  /** The type of OpenAI's error objects, which their clients choose an exception by. */
  type: string;
}

const invalid = (status = 400): HttpMeaning => ({ status, type: 'invalid_request_error' });
const failed = (status: number): HttpMeaning => ({ status, type: 'server_error' });

const meanings: Partial<Record<TriviumErrorCode, HttpMeaning>> = {
  'invalid-argument': invalid(),
  'bad-format': invalid(),
  unsupported: invalid(),
  'context-overflow': invalid(),
  'not-found': invalid(404),
  'too-large': invalid(413),
  // Nobody reads it: the client has gone.
  cancelled: invalid(499),
  unauthorized: { status: 401, type: 'authentication_error' },
  forbidden: { status: 403, type: 'permission_error' },
  'outside-root': { status: 403, type: 'permission_error' },
  busy: { status: 429, type: 'rate_limit_error' },
  'out-of-memory': failed(503),
  disposed: failed(503),
  unavailable: failed(503),
  network: failed(502),
  offline: failed(502),
};

export const httpStatusOf = (code: TriviumErrorCode): number => (meanings[code] ?? failed(500)).status;

/** The body of a failed answer: OpenAI's shape, with what else is known of the failure beside it. */
export function errorBody(thrown: unknown) {
  const { code, message, field, ...details } = TriviumError.from(thrown).toJSON();
  const { type } = meanings[code] ?? failed(500);
  return { error: { message, type, param: field ?? null, code, ...details } };
}
export type ErrorBody = ReturnType<typeof errorBody>;

/** An error as it was before it travelled; what another server says in its own words is `network`. */
export function errorOfBody(body: unknown, fallback: string): TriviumError {
  const { error } = (body ?? {}) as { error?: Record<string, unknown> };
  const text = (key: string) => (typeof error?.[key] === 'string' ? (error[key] as string) : undefined);
  const known = triviumErrorCodes.find((code) => code === error?.code);
  return new TriviumError(known ?? 'network', text('message') ?? fallback, {
    file: text('file'),
    field: text('param'),
    expected: text('expected'),
    found: text('found'),
    remedy: text('remedy'),
  });
}
