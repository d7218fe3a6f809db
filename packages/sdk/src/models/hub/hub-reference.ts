/**
 * References to the Hugging Face Hub, as people write them: `hf:org/repo`, `hf:org/repo/file.gguf`,
 * `hf:org/repo@revision/file.gguf`, `hf:org/repo:Q4_K_M`. Knows the grammar, not what a repository holds.
 */
import { TriviumError } from '@trivium/protocol';

export interface HubReference {
  /** `org/repo`. */
  readonly repo: string;
  /** A branch, tag or commit; absent where none was named. */
  readonly revision?: string;
  /** A file or folder inside the repository. */
  readonly file?: string;
  /** The name of a quantization ("Q4_K_M"), which chooses among GGUF files. */
  readonly quantization?: string;
}

export const isHubReference = (reference: string) => reference.startsWith('hf:');

const name = '[A-Za-z0-9][A-Za-z0-9._-]*';
// A revision may hold slashes (refs/pr/1); those are written percent-encoded, @refs%2Fpr%2F1, so that the first slash
// after it begins the file.
const grammar = new RegExp(`^hf:(${name}/${name})(?:@([^/:@]+))?(?:/([^:]+?)/?)?(?::([A-Za-z0-9_.-]+))?$`);

const expected = 'hf:org/repo, hf:org/repo:Q4_K_M, hf:org/repo/file.gguf or hf:org/repo@revision/file.gguf';

function refuse(reference: string, why: string): never {
  throw new TriviumError('invalid-argument', `${reference} is no reference to a model: ${why}.`, {
    field: 'model',
    found: reference,
    expected,
    remedy: 'Write the organisation and the repository as in the address of its page on huggingface.co.',
  });
}

/** Whether a path of a repository can only lead into the folder it is joined to, on every system. */
export function staysInside(path: string): boolean {
  return (
    path !== '' &&
    path.length <= 1024 &&
    !/[\\:\u0000-\u001f]/.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/[. ]$/.test(part))
  );
}

/**
 * @example parseHubReference('hf:org/repo@v1:Q4_K_M') // { repo: 'org/repo', revision: 'v1', quantization: 'Q4_K_M' }
 * @throws TriviumError `invalid-argument`
 */
export function parseHubReference(reference: string): HubReference {
  const [, repo, revisionPart, file, quantization] = grammar.exec(reference) ?? [];
  if (!repo) refuse(reference, `it does not read ${expected}`);
  if (/--|\.\.|\.git$|[.-]$/.test(repo)) refuse(reference, `"${repo}" cannot be the name of a repository`);
  let revision: string | undefined;
  try {
    if (revisionPart !== undefined) revision = decodeURIComponent(revisionPart);
  } catch {
    refuse(reference, `"${revisionPart}" is not percent-encoded rightly`);
  }
  if (revision !== undefined && !staysInside(revision))
    refuse(reference, `"${revision}" cannot be a revision`);
  if (file !== undefined && !staysInside(file)) refuse(reference, `"${file}" leads out of the repository`);
  return {
    repo,
    ...(revision !== undefined && { revision }),
    ...(file !== undefined && { file }),
    ...(quantization !== undefined && { quantization }),
  };
}

/** The revision that is meant: the hub's own default where none was named. */
export const revisionOf = ({ revision = 'main' }: HubReference) => revision;

/** The reference as it would be written. */
export function formatHubReference({ repo, revision, file, quantization }: HubReference): string {
  const at = revision === undefined ? '' : `@${encodeURIComponent(revision)}`;
  return `hf:${repo}${at}${file === undefined ? '' : `/${file}`}${quantization === undefined ? '' : `:${quantization}`}`;
}
