// The reference of error codes: the union of the protocol, each code with what it means and what to do. A code that is added
// there and not here fails the build.
import { httpStatusOf, triviumErrorCodes } from '@trivium/protocol';
import { code, fence, table, writePage } from './write-page.mjs';

export const meanings = {
  'invalid-argument': [
    'An input does not fit its schema, or settings contradict each other.',
    'Correct `field`.',
  ],
  'not-found': ['A file, model, job or plugin of that name is not there.', 'Check the path or the name.'],
  io: ['The system could not read or write a file.', 'Look at `file`: permissions, a full disk.'],
  'bad-format': ['A file is not what its name or header says.', 'Get the file again, or another one.'],
  unsupported: ['What is asked for is well formed, but not built.', '`expected` lists what is.'],
  'context-overflow': [
    'A prompt has more tokens than the context holds.',
    "Shorten it, raise `contextTokens`, or choose `overflow: 'drop-oldest'`.",
  ],
  busy: ['A queue is full.', 'Try again; under the AI SDK it arrives as a retryable `APICallError`.'],
  cancelled: ['You stopped it.', 'Nothing.'],
  'out-of-memory': [
    'Model and cache do not fit the memory they may take.',
    'Another quantization, fewer `contextTokens`.',
  ],
  disposed: ['The client, provider or model was disposed of.', 'Make a new one.'],
  'outside-root': ['A path leads out of the folder that the server may read.', 'Name a path below `--root`.'],
  'native-unavailable': [
    'The engine of this platform could not be loaded.',
    '`expected` says what was tried.',
  ],
  network: ['Another machine did not answer, or not with what was asked for.', 'Try again.'],
  unauthorized: ['Nobody said who is calling, or with a key that is not known.', 'Send the key.'],
  forbidden: [
    'This caller may not have it: a gated or private repository.',
    'Set `HF_TOKEN`, accept the licence on its page.',
  ],
  'too-large': ['More bytes than are taken at once.', 'Send less.'],
  offline: [
    'The network is ruled out, and what is wanted is not here.',
    'Pull the model while there is a network.',
  ],
  corrupt: ['Bytes are not what their checksum or size says.', 'Remove the file and pull it again.'],
  unavailable: ['Every model of a `fallback` failed.', '`cause` holds what each failed with.'],
  'replay-mismatch': ['A recording does not hold this call.', 'Record again, or make the same call.'],
  internal: ['A fault of Trivium.', 'Report it.'],
};

export function writeErrors() {
  const rows = triviumErrorCodes.map((one) => {
    if (!meanings[one]) throw new Error(`generate/errors.mjs does not say what the code "${one}" means.`);
    return [code(one), ...meanings[one], String(httpStatusOf(one))];
  });
  writePage('reference/errors.md', {
    title: 'Error codes',
    description: 'Every code of TriviumError, what it means and what to do.',
    source: 'the union of codes in `@trivium/protocol`',
    blocks: [
      'There is one error, `TriviumError`. It carries a `code` and, where they are known, `file`, `field`, `expected`, `found`, ' +
        '`remedy` and `cause`. The same code travels from the engine to functions, commands and tools. ' +
        'Recognise it with `TriviumError.isInstance(error)`, which also works across copies of the package.',
      '<<< @/../../../examples/guide/errors.ts#errors{ts}',
      'It prints:',
      '<<< @/../../../examples/guide/output/errors.txt{js}',
      table(['code', 'what happened', 'what to do', 'status over HTTP'], rows),
      'On the command line an error is printed with all it knows, and the exit code tells its kind:',
      fence(
        'txt',
        'trivium: There is no file ./missing.pdf. (not-found)\n  file: ./missing.pdf\n  remedy: Check the path.',
      ),
    ],
  });
}
