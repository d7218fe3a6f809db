/**
 * The one error of Trivium. A failure is data: the same code and fields travel from C++ to TypeScript, HTTP, MCP
 * and React. Recognise it with `TriviumError.isInstance`, which also works across copies of this package.
 */
export const triviumErrorCodes = [
  'invalid-argument',
  'not-found',
  'io',
  'bad-format',
  'unsupported',
  'context-overflow',
  'busy',
  'cancelled',
  'out-of-memory',
  'disposed',
  'outside-root',
  'native-unavailable',
  // Another machine did not answer, or not with what was asked for.
  'network',
  // Nobody said who is calling, or not with a key that is known.
  'unauthorized',
  // It answered that this caller may not have it.
  'forbidden',
  // More bytes than are taken at once.
  'too-large',
  // The network was ruled out, and what is wanted is not here.
  'offline',
  // Bytes that are not what their checksum or size says.
  'corrupt',
  // Every one of several models failed.
  'unavailable',
  // A recording does not hold this call.
  'replay-mismatch',
  'internal',
] as const;

export type TriviumErrorCode = (typeof triviumErrorCodes)[number];

const known: ReadonlySet<unknown> = new Set(triviumErrorCodes);

/** What is known of a failure beside its code and sentence. */
export interface ErrorDetails {
  file?: string | undefined;
  /** Tensor, metadata key, JSON pointer, option or flag. */
  field?: string | undefined;
  expected?: string | undefined;
  found?: string | undefined;
  /** What the user can do. */
  remedy?: string | undefined;
  cause?: unknown;
}

/** A `TriviumError` as plain data, for wires. */
export interface SerializedError extends Omit<ErrorDetails, 'cause'> {
  code: TriviumErrorCode;
  message: string;
}

const brand = Symbol.for('trivium.error');

export class TriviumError extends Error {
  override readonly name = 'TriviumError';
  readonly code: TriviumErrorCode;
  readonly file?: string;
  readonly field?: string;
  readonly expected?: string;
  readonly found?: string;
  readonly remedy?: string;
  /** Seen by `isInstance` in every copy of this package. */
  readonly [brand]: true = true;

  /** @param code one that is none of ours, as plugins without types may give it, becomes `internal` */
  constructor(code: TriviumErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = known.has(code) ? code : 'internal';
    for (const key of ['file', 'field', 'expected', 'found', 'remedy'] as const) {
      if (details[key]) (this as Record<typeof key, string>)[key] = details[key];
    }
  }

  static isInstance(error: unknown): error is TriviumError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true;
  }

  /** Anything thrown, as a `TriviumError`: Node's file errors get a matching code, the rest is `internal`. */
  static from(error: unknown): TriviumError {
    if (TriviumError.isInstance(error)) {
      if (known.has(error.code)) return error;
      // Of a newer copy of this package.
      return new TriviumError(error.code, error.message, { ...error.toJSON(), cause: error });
    }
    if (isAbort(error))
      return new TriviumError('cancelled', 'The operation was cancelled.', { cause: error });
    const { code, path, message } = textsOf(error);
    const details = { file: path, cause: error };
    switch (code) {
      case 'ENOENT':
        return new TriviumError('not-found', `There is no file ${path ?? ''}.`, {
          ...details,
          remedy: 'Check the path.',
        });
      case 'EACCES':
      case 'EPERM':
        return new TriviumError('io', `${path ?? 'The file'} may not be read or written by this user.`, {
          ...details,
          remedy: 'Change its permissions or run as its owner.',
        });
      case 'ENOSPC':
      case 'EDQUOT':
        return new TriviumError('io', 'The disk is full.', {
          ...details,
          remedy: 'Free some space and try again.',
        });
      case 'EROFS':
        return new TriviumError('io', `${path ?? 'The file'} lies on a disk that is read only.`, {
          ...details,
          remedy: 'Name a place that can be written to.',
        });
      case 'ENOTDIR':
      case 'EEXIST':
        return new TriviumError(
          'io',
          `${path ?? 'The path'}, or what it lies in, is something else already.`,
          {
            ...details,
            remedy: 'Move what is there, or name another place.',
          },
        );
      case 'EMFILE':
      case 'ENFILE':
        return new TriviumError('io', 'Too many files are open.', {
          ...details,
          remedy: 'Raise the limit of open files (ulimit -n), or do less at once.',
        });
      default:
        // Of the system, as `EISDIR`; Node's own, as `ERR_INVALID_ARG_TYPE`, tell of a fault in a program.
        return new TriviumError(/^E(?!RR_)/.test(code ?? '') ? 'io' : 'internal', message, details);
    }
  }

  toJSON(): SerializedError {
    const { code, message, file, field, expected, found, remedy } = this;
    return JSON.parse(JSON.stringify({ code, message, file, field, expected, found, remedy }));
  }
}

/** What a thrown value says of itself. It may be anything: nothing at all, or an error whose code is a number. */
function textsOf(error: unknown): { code?: string; path?: string; message: string } {
  const { code, path, message } = Object(error) as Record<string, unknown>;
  const isNoError = typeof error === 'object' && error !== null;
  return {
    ...(typeof code === 'string' && { code }),
    ...(typeof path === 'string' && { path }),
    message:
      typeof message === 'string' ? message : isNoError ? 'What was thrown is no error.' : String(error),
  };
}

function isAbort(error: unknown): boolean {
  const name = (error as { name?: unknown } | null)?.name;
  return name === 'AbortError' || name === 'TimeoutError';
}
