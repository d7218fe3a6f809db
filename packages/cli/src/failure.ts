import { TriviumError } from '@trivium/protocol';

/** An error as a person reads it, and its exit code. */
export function failure(error: unknown, interrupted: boolean): { text: string; code: number } {
  if (interrupted) return { text: 'Interrupted.', code: 130 };
  const known = TriviumError.from(error);
  const details = [
    known.file && `  file: ${known.file}`,
    known.field && `  field: ${known.field}`,
    known.expected && `  expected: ${known.expected}`,
    known.found && `  found: ${known.found}`,
    known.remedy && `  remedy: ${known.remedy}`,
  ].filter(Boolean);
  return {
    text: [`trivium: ${known.message} (${known.code})`, ...details].join('\n'),
    code: known.code === 'invalid-argument' ? 2 : 1,
  };
}
