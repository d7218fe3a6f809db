/** Faults as the protocol numbers them. Tools that fail answer `isError`; everything else that fails is one of these. */
import { type SerializedError, TriviumError, type TriviumErrorCode } from '@trivium/protocol';

export const invalidParams = -32602;
const internalError = -32603;

const faultOfCaller: ReadonlySet<TriviumErrorCode> = new Set([
  'invalid-argument',
  'not-found',
  'outside-root',
  'unsupported',
  'too-large',
  'bad-format',
]);

export interface ProtocolFault {
  code: number;
  message: string;
  data: Partial<SerializedError>;
}

/** What a client is told of a failure: the sentence with its remedy, and the failure as data. */
export function protocolFault(thrown: unknown): ProtocolFault {
  const { message, file: _, ...data } = TriviumError.from(thrown).toJSON();
  return {
    code: faultOfCaller.has(data.code) ? invalidParams : internalError,
    message: [message, data.remedy].filter(Boolean).join(' '),
    data,
  };
}
