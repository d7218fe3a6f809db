/** What goes wrong on the way to a server or in it, as the one error of Trivium. */
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { TriviumError, type TriviumErrorCode, triviumErrorCodes } from '@trivium/protocol';

const codes: Partial<Record<number, TriviumErrorCode>> = {
  [ErrorCode.InvalidParams]: 'invalid-argument',
  [ErrorCode.MethodNotFound]: 'unsupported',
};

const httpCodes: Partial<Record<number, TriviumErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  413: 'too-large',
  429: 'busy',
  503: 'busy',
};

/** @param doing what was attempted, as the beginning of a sentence */
export function clientError(thrown: unknown, doing: string, signal?: AbortSignal): TriviumError {
  if (TriviumError.isInstance(thrown)) return thrown;
  if (signal?.aborted) return new TriviumError('cancelled', `${doing} was cancelled.`, { cause: thrown });
  const { message } = thrown as Error;
  const code =
    thrown instanceof McpError
      ? codes[thrown.code]
      : thrown instanceof StreamableHTTPError
        ? httpCodes[thrown.code ?? 0]
        : undefined;
  const timedOut = thrown instanceof McpError && thrown.code === ErrorCode.RequestTimeout;
  return new TriviumError(code ?? 'network', `${doing} failed: ${message}`, {
    remedy: timedOut ? 'Give it more time with timeoutMs, or start it as a job.' : remedyFor(code),
    cause: thrown,
  });
}

const remedyFor = (code: TriviumErrorCode | undefined) =>
  code === 'unauthorized' || code === 'forbidden'
    ? 'Give the token with headers: { authorization: "Bearer …" }.'
    : undefined;

/** A tool that says it failed: servers of ours name the code at the end of the first line. */
export function toolFailure(server: string, tool: string, text: string): TriviumError {
  const [first = '', ...rest] = text.split('\n');
  const said = /^(.*) \(([a-z-]+)\)$/.exec(first);
  const code = triviumErrorCodes.find((known) => known === said?.[2]);
  return new TriviumError(code ?? 'network', code ? said![1]! : text || `${tool} failed.`, {
    field: `${server}: ${tool}`,
    remedy: code ? rest.join('\n') : undefined,
  });
}
