/** Requests that are answered before any session sees them, in the shape of a JSON-RPC error. */
import { httpStatusOf, TriviumError, type TriviumErrorCode } from '@trivium/protocol';

/** JSON-RPC's own numbers where it has one, else the server's. */
const numbers: Partial<Record<TriviumErrorCode, number>> = {
  'bad-format': -32700,
  'invalid-argument': -32600,
};

interface RefusalDetails {
  remedy?: string;
  /** Of HTTP; default: what the code means there. */
  status?: number;
  /** Of JSON-RPC. */
  number?: number;
  headers?: Record<string, string>;
}

export function refusal(
  code: TriviumErrorCode,
  message: string,
  { remedy, status, headers, number }: RefusalDetails = {},
): Response {
  const failure = new TriviumError(code, message, { remedy });
  const error = {
    code: number ?? numbers[code] ?? -32000,
    message: [message, remedy].filter(Boolean).join(' '),
    data: failure.toJSON(),
  };
  const init = { status: status ?? httpStatusOf(code), ...(headers && { headers }) };
  return Response.json({ jsonrpc: '2.0', error, id: null }, init);
}
