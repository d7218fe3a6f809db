/**
 * What was thrown, as the answer that a client gets. Errors of ours say what they say, paths as outputs show them; errors of
 * model providers and of the file system become codes of ours; of anything else nothing is told, for it may hold what was asked.
 */
import { errorBody, httpStatusOf, TriviumError, type TriviumErrorCode } from '@trivium/protocol';
import { shownFailure } from '../served/index.js';

interface ProviderError {
  name?: string;
  message?: string;
  statusCode?: number;
  lastError?: unknown;
  cause?: unknown;
}

/** Errors of the AI SDK by name: several copies of it may be installed. */
const codesByName: Record<string, TriviumErrorCode> = {
  AI_NoSuchModelError: 'not-found',
  AI_UnsupportedFunctionalityError: 'unsupported',
  AI_UnsupportedModelVersionError: 'unsupported',
  AI_InvalidArgumentError: 'invalid-argument',
  AI_InvalidPromptError: 'invalid-argument',
  AI_LoadAPIKeyError: 'unavailable',
};

const codeOfStatus = (status: number | undefined): TriviumErrorCode =>
  status === 429
    ? 'busy'
    : status === 413
      ? 'too-large'
      : status === 400 || status === 422
        ? 'invalid-argument'
        : 'unavailable';

/** @param root paths inside it are told relative to it; a file elsewhere, by its name */
export function failureOf(thrown: unknown, root = ''): TriviumError {
  const known = knownFailure(thrown);
  if (!known) return new TriviumError('internal', 'The server failed.', { cause: thrown });
  return root === '' ? known : shownFailure(known, root, thrown);
}

function knownFailure(thrown: unknown): TriviumError | undefined {
  if (TriviumError.isInstance(thrown)) return thrown;
  const { name = '', message = '', statusCode, lastError, cause } = (thrown ?? {}) as ProviderError;
  if (name === 'AbortError' || name === 'TimeoutError' || name === 'ResponseAborted')
    return new TriviumError('cancelled', 'The call was cancelled.', { cause: thrown });
  if (name === 'AI_RetryError' && lastError !== undefined) return knownFailure(lastError);
  if (TriviumError.isInstance(cause)) return cause;
  if (isOfFiles(thrown)) return TriviumError.from(thrown);
  if (name === 'AI_APICallError') {
    return new TriviumError(
      codeOfStatus(statusCode),
      `The model's provider answered ${statusCode ?? 'nothing'}: ${message}`,
      {
        cause: thrown,
      },
    );
  }
  const code = codesByName[name];
  return code && new TriviumError(code, message, { cause: thrown });
}

/** What the file system refused. Errors of connections have codes of the system too, and tell of other machines. */
const isOfFiles = (thrown: unknown): boolean => {
  const { errno, code, address, hostname } = Object(thrown) as Record<string, unknown>;
  const isOfSystem = typeof errno === 'number' && typeof code === 'string' && /^E[A-Z\d]+$/.test(code);
  const isOfConnection = address !== undefined || hostname !== undefined || /^E(?:CONN|PIPE)/.test(`${code}`);
  return isOfSystem && !isOfConnection;
};

/** The system's own code of what failed, `ENOSPC`, where that is what lies behind it. */
export function systemCodeOf(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; depth < 10; error = Object(error).cause, depth += 1) {
    const { code } = Object(error) as { code?: unknown };
    if (typeof code === 'string' && /^E[A-Z\d]+$/.test(code)) return code;
  }
  return undefined;
}

/** Seconds after which a client that was refused for want of room may try again. */
const retryAfterSeconds = 1;

export function failureResponse(failure: TriviumError): Response {
  const status = httpStatusOf(failure.code);
  return Response.json(errorBody(failure), {
    status,
    headers: {
      ...(status === 429 && { 'retry-after': String(retryAfterSeconds) }),
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    },
  });
}
