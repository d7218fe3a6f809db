/** Which reader a file gets, by its name. */
import { basename, extname } from 'node:path';

export type ReaderName = 'markdown' | 'restructured' | 'text' | 'html' | 'pdf' | 'code' | 'data' | 'table';

export interface FileKind {
  reader: ReaderName;
  mediaType: string;
}

const table: Record<string, FileKind> = {};
const add = (reader: ReaderName, mediaType: string, extensions: string) => {
  for (const extension of extensions.split(' ')) table[`.${extension}`] = { reader, mediaType };
};

add('markdown', 'text/markdown', 'md mdx markdown mdown mkd qmd rmd');
add('restructured', 'text/x-rst', 'rst rest');
add('text', 'text/plain', 'txt text log adoc asciidoc org tex srt vtt me');
add('html', 'text/html', 'html htm xhtml');
add('pdf', 'application/pdf', 'pdf');
add('table', 'text/csv', 'csv tsv');
add('data', 'application/json', 'json jsonl ndjson json5 ipynb');
add('data', 'application/yaml', 'yaml yml');
add('data', 'text/plain', 'toml ini cfg conf properties env xml svg po');
add('code', 'text/javascript', 'js mjs cjs jsx');
add('code', 'text/typescript', 'ts mts cts tsx');
add('code', 'text/x-python', 'py pyi');
add('code', 'text/x-c', 'c h cc cpp cxx hpp hh cu cuh m mm');
add(
  'code',
  'text/x-source',
  'rs go java kt kts scala swift cs fs vb rb php pl lua r jl dart ex exs erl hs ml clj lisp el zig nim sol sh bash zsh fish ps1 bat sql graphql proto css scss sass less vue svelte astro cmake make mk gradle dockerfile tf asm s wgsl glsl hlsl',
);

/** Binary formats whose text programs can save as a format that is read. */
const convertible = 'docx xlsx pptx doc xls ppt odt epub'.split(' ');
const binary = new Set(
  'png jpg jpeg gif webp bmp ico tif tiff avif heic mp3 mp4 m4a wav flac ogg mov avi mkv webm zip gz tgz bz2 xz zst 7z rar tar jar war exe dll so dylib a o obj lib class pyc wasm node bin dat db sqlite woff woff2 ttf otf eot gguf safetensors onnx pt pth npy npz parquet iso dmg deb rpm'
    .split(' ')
    .concat(convertible),
);

export const saveAs = 'save it as PDF, HTML or Markdown';

/** Why a file of this name is not read, whatever it holds; `undefined` for one that may be. */
export function binaryName(path: string): string | undefined {
  const extension = extname(path).toLowerCase().slice(1);
  if (!binary.has(extension)) return undefined;
  const remedy = convertible.includes(extension) ? `; ${saveAs}` : '';
  return `not text: .${extension} is a binary format${remedy}`;
}

/** Unknown names are read as text, if that is what they hold. */
export function fileKind(path: string): FileKind {
  const extension = extname(path).toLowerCase();
  const plain: FileKind = { reader: 'text', mediaType: 'text/plain' };
  if (extension === '')
    return /^(dockerfile|makefile)$/i.test(basename(path))
      ? { reader: 'code', mediaType: 'text/x-source' }
      : plain;
  return table[extension] ?? plain;
}
