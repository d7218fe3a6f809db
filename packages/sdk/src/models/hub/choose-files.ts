/**
 * Which files of a repository a reference means: one GGUF model with all its parts, or a Hugging Face folder and nothing
 * else. What could mean several models is refused with the choices. Knows names, opens nothing.
 */
import { TriviumError } from '@trivium/protocol';
import type { HubFile, HubListing } from './hub-listing-schema.js';
import { formatHubReference, type HubReference } from './hub-reference.js';

export interface ChosenFiles {
  files: readonly HubFile[];
  /** What the engine opens: a path inside the repository, or `''` for the folder itself. */
  entry: string;
  /** An index among `files` that names further files, its shards. */
  index?: HubFile;
}

const indexName = 'model.safetensors.index.json';
const folderFiles = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'tokenizer.model',
  'spiece.model',
  'sentencepiece.bpe.model',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'chat_template.jinja',
  'chat_template.json',
  'additional_chat_templates/tool_use.jinja',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
]);
/** Modules of sentence-transformers: 1_Pooling/config.json, 2_Dense/model.safetensors. */
const moduleFile = /^\d+_[A-Za-z]+\/(config\.json|model\.safetensors)$/;
const splitPart = /-(\d{5})-of-(\d{5})\.gguf$/i;
/** Companions of a model that are no language models by themselves. */
const companion = /(^|[-_.])(mmproj|imatrix)([-_.]|$)/i;
const quantizationName =
  /(?:^|[-._])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|T?Q[12]_0|BF16|F16|F32|FP16|FP32|MXFP4(?:_MOE)?))$/i;

const isGguf = ({ path }: Pick<HubFile, 'path'>) => /\.gguf$/i.test(path);
const isSafetensors = ({ path }: Pick<HubFile, 'path'>) => /\.safetensors$/i.test(path);
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
/** The model a GGUF file belongs to: its path without ending and part number. */
const modelOf = (path: string) => path.replace(splitPart, '').replace(/\.gguf$/i, '');

/** GGUF models by the path without ending and part number. */
function ggufModels(files: readonly HubFile[]): Map<string, HubFile[]> {
  const models = new Map<string, HubFile[]>();
  for (const file of files) {
    if (!isGguf(file) || companion.test(nameOf(file.path))) continue;
    const model = modelOf(file.path);
    models.set(model, [...(models.get(model) ?? []), file]);
  }
  return models;
}

function hasQuantization(model: string, quantization: string): boolean {
  const wanted = quantization.toLowerCase();
  return model
    .toLowerCase()
    .split('/')
    .some((part) => part === wanted || new RegExp(`[-._]${wanted.replaceAll('.', '\\.')}$`).test(part));
}

/** How a model would be asked for: by its quantization where that names it alone, else by its file. */
function choice(reference: HubReference, model: string, models: Map<string, HubFile[]>): string {
  const { repo, revision } = reference;
  const base = { repo, ...(revision !== undefined && { revision }) };
  const quantization = quantizationName.exec(nameOf(model))?.[1];
  const alone =
    quantization !== undefined &&
    [...models.keys()].filter((other) => hasQuantization(other, quantization)).length === 1;
  return formatHubReference(
    alone ? { ...base, quantization } : { ...base, file: models.get(model)![0]!.path },
  );
}

function ambiguous(reference: HubReference, models: Map<string, HubFile[]>, among: string[]): TriviumError {
  const choices = among.map((model) => choice(reference, model, models)).sort();
  return new TriviumError(
    'invalid-argument',
    `${formatHubReference(reference)} could mean ${choices.length} models.`,
    {
      field: 'model',
      expected: `one of ${choices.join(', ')}`,
      found: formatHubReference(reference),
      remedy: `Choose one, for instance ${choices[0]}.`,
    },
  );
}

function absent(reference: HubReference, what: string, choices: readonly string[]): TriviumError {
  return new TriviumError('not-found', `${reference.repo} has no ${what}.`, {
    field: 'model',
    found: formatHubReference(reference),
    expected:
      choices.length > 0 ? `one of ${choices.join(', ')}` : 'a repository with GGUF or safetensors files',
    remedy:
      choices.length > 0 ? `Choose one, for instance ${choices[0]}.` : 'Check the page of the repository.',
  });
}

/** All parts of a model, in order. */
function wholeModel(reference: HubReference, parts: readonly HubFile[]): ChosenFiles {
  const sorted = [...parts].sort((a, b) => (a.path < b.path ? -1 : 1));
  const [first] = sorted;
  const total = Number(splitPart.exec(first!.path)?.[2] ?? 1);
  const numbers = new Set(sorted.map(({ path }) => Number(splitPart.exec(path)?.[1] ?? 1)));
  for (let number = 1; number <= total; number += 1) {
    if (numbers.has(number)) continue;
    const found = sorted.map(({ path }) => path).join(', ');
    throw new TriviumError('not-found', `Part ${number} of ${total} of ${modelOf(first!.path)} is missing.`, {
      field: 'model',
      expected: `${total} parts`,
      found,
      remedy: `${reference.repo} is incomplete at this revision; name another one.`,
    });
  }
  return {
    files: sorted.filter(({ path }) => Number(splitPart.exec(path)?.[2] ?? 1) === total),
    entry: first!.path,
  };
}

/** All that belongs to the model of a GGUF file, the file itself among it. */
const partsOf = (file: string, files: readonly HubFile[]) =>
  files.filter((other) => isGguf(other) && modelOf(other.path) === modelOf(file));

/** What one safetensors file lends from the folder it lies in: its tokenizer and configuration. */
function besides(file: string, files: readonly HubFile[]): HubFile[] {
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  return files.filter(({ path }) => path.startsWith(folder) && folderFiles.has(path.slice(folder.length)));
}

/** The parts of the one GGUF model that is meant, as far as they are there; nothing where there is none. */
function partsOfOnly(reference: HubReference, models: Map<string, HubFile[]>): HubFile[] | undefined {
  const { quantization } = reference;
  const all = [...models.keys()];
  const fitting =
    quantization === undefined ? all : all.filter((model) => hasQuantization(model, quantization));
  if (fitting.length > 1) throw ambiguous(reference, models, fitting);
  return models.get(fitting[0] ?? '');
}

function chooseGguf(reference: HubReference, files: readonly HubFile[]): ChosenFiles | undefined {
  const models = ggufModels(files);
  const parts = partsOfOnly(reference, models);
  if (parts) return wholeModel(reference, parts);
  if (reference.quantization === undefined) return undefined;
  throw absent(
    reference,
    `GGUF file of the quantization ${reference.quantization}`,
    [...models.keys()].map((model) => choice(reference, model, models)).sort(),
  );
}

/** The files of a Hugging Face folder that lies at `folder` (`''` or with a closing slash). */
function chooseFolder(reference: HubReference, files: readonly HubFile[], folder: string): ChosenFiles {
  const inside = new Map(
    files.filter(({ path }) => path.startsWith(folder)).map((file) => [file.path.slice(folder.length), file]),
  );
  const weights = inside.get('model.safetensors');
  const index = inside.get(indexName);
  if (!inside.has('config.json') || !(weights ?? index)) {
    if ([...inside.keys()].some((path) => /\.bin$/.test(path))) {
      throw new TriviumError('unsupported', `${reference.repo} has pickled weights only.`, {
        field: 'model',
        found: [...inside.keys()].find((path) => /\.bin$/.test(path)),
        expected: 'GGUF or safetensors files',
        remedy: 'Pickled weights are not read because they can run code; look for a conversion of the model.',
      });
    }
    throw absent(reference, 'model that can be read here', []);
  }
  const small = [...inside].flatMap(([path, file]) =>
    folderFiles.has(path) || moduleFile.test(path) ? [file] : [],
  );
  const entry = folder.replace(/\/$/, '');
  // The engine prefers one whole file to shards, so that the shards would be fetched for nothing.
  return weights
    ? { files: [...small, weights], entry }
    : { files: [...small, index!], entry, index: index! };
}

/**
 * @throws TriviumError `invalid-argument` where the reference could mean several models, `not-found` where it means none,
 * `unsupported` for files that are no models
 */
export function chooseFiles(reference: HubReference, listing: HubListing): ChosenFiles {
  const { file } = reference;
  if (file === undefined)
    return chooseGguf(reference, listing.files) ?? chooseFolder(reference, listing.files, '');
  const named = listing.files.find(({ path }) => path === file);
  if (!named) {
    const folder = `${file}/`;
    const inside = listing.files.filter(({ path }) => path.startsWith(folder));
    if (inside.length > 0)
      return chooseGguf(reference, inside) ?? chooseFolder(reference, listing.files, folder);
    throw absent(
      reference,
      file,
      listing.files.filter(isGguf).map(({ path }) => path),
    );
  }
  if (isGguf(named)) return wholeModel(reference, partsOf(file, listing.files));
  if (isSafetensors(named)) return { files: [...besides(file, listing.files), named], entry: file };
  throw new TriviumError('unsupported', `${file} is no file of a model that can be read here.`, {
    field: 'model',
    found: file,
    expected: 'a .gguf or .safetensors file',
    remedy: `Leave the file out (hf:${reference.repo}) to take the whole model.`,
  });
}

/**
 * What of the files that are held a reference means, whole or not: a file with what belongs to it, all parts of a GGUF model
 * that are there, or all that lies below a folder.
 * @throws TriviumError `invalid-argument` for a quantization that several models of them have
 */
export function chooseHeld(reference: HubReference, held: readonly HubFile[]): HubFile[] {
  const { file, quantization } = reference;
  if (file !== undefined && isGguf({ path: file })) return partsOf(file, held);
  const named = held.find(({ path }) => path === file);
  if (named) return isSafetensors(named) ? [...besides(named.path, held), named] : [named];
  const below = held.filter(({ path }) => file === undefined || path.startsWith(`${file}/`));
  return quantization === undefined ? below : (partsOfOnly(reference, ggufModels(below)) ?? []);
}

/** The shards that the content of an index names, as files of the listing. @throws TriviumError `bad-format`, `not-found` */
export function shardsOf(index: HubFile, content: string, listing: HubListing): HubFile[] {
  const folder = index.path.slice(0, index.path.lastIndexOf('/') + 1);
  const byPath = new Map(listing.files.map((file) => [file.path, file]));
  let map: unknown;
  try {
    map = (JSON.parse(content) as { weight_map?: unknown }).weight_map;
  } catch {
    map = undefined;
  }
  const names = new Set(map !== null && typeof map === 'object' ? Object.values(map) : []);
  if (names.size === 0) {
    throw new TriviumError('bad-format', 'The index of the shards names none.', {
      file: index.path,
      field: 'weight_map',
      expected: 'an object from tensors to files',
      remedy: 'The repository is damaged at this revision; name another one.',
    });
  }
  return [...names].map((name) => {
    const shard = byPath.get(`${folder}${String(name)}`);
    if (shard) return shard;
    throw new TriviumError(
      'not-found',
      `The index names ${String(name)}, which the repository does not hold.`,
      {
        file: index.path,
        field: 'weight_map',
        found: String(name),
        remedy: 'The repository is incomplete at this revision; name another one.',
      },
    );
  });
}
