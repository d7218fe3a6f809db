/** Errors in the words of a surface: options have other names on a command line, or in OpenAI's requests, than in code. */
import { TriviumError } from './errors.js';

/**
 * The same error, with fields named as who called wrote them. In sentences a name is replaced where it cannot be an ordinary
 * word (`maxTokens`, not `limit`), or where a statement begins with it (`limit: …`, not `There is a limit: …`).
 *
 * @param spell what a field is called there, or nothing for what is no field; dots lead into objects, as in `stages.polish`
 * @example respelled(error, (field) => ({ maxTokens: '--max-tokens' })[field])
 */
export function respelled(error: TriviumError, spell: (field: string) => string | undefined): TriviumError {
  const { code, message, file, field, expected, found, remedy, cause } = error;
  const inText = (text: string) =>
    text.replace(
      /(?<![\w./-])([a-z]\w*(?:\.\w+)*)(?![\w/-])(:?)/g,
      (whole, name: string, colon: string, at: number) => {
        const isSubject = colon !== '' && name === field && /(^|[.:;]\s)$/.test(text.slice(0, at));
        return isSubject || /[A-Z.]/.test(name) ? (spell(name) ?? name) + colon : whole;
      },
    );
  return new TriviumError(code, inText(message), {
    file,
    field: field && (spell(field) ?? field),
    expected: expected && inText(expected),
    found,
    remedy: remedy && inText(remedy),
    cause,
  });
}
