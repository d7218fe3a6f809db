/** One file's bytes to text and blocks: picks the reader, decodes, names the document. */
import { basename, extname } from 'node:path';
import { maximumCharacters } from '../chunk-document.js';
import { type Block, type ParsedSource, SkippedFile } from '../types.js';
import { codeBlocks, dataBlocks } from './code-blocks.js';
import { decodeText } from './decode-text.js';
import { readHtml } from './html.js';
import { markdownBlocks } from './markdown-blocks.js';
import { binaryName, fileKind } from './media-types.js';
import { isPdf, readPdf } from './pdf.js';
import { textBlocks } from './text-blocks.js';

/** @throws SkippedFile with the reason for what cannot be read; between pages of a PDF the signal's reason. */
export async function readSource(
  path: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<ParsedSource> {
  const name = path === '-' ? 'standard input' : basename(path, extname(path));
  const text = decodeSource(path, bytes);
  const parsed = text === undefined ? await readPdf(bytes, name, signal) : parseText(path, name, text);
  return { ...parsed, blocks: parsed.blocks.map(asProse) };
}

/** What is longer than a passage heads nothing, whatever its marks say: a page in large type, a line above `---`. */
function asProse(block: Block): Block {
  const { kind, start, end } = block;
  return kind === 'heading' && end - start > maximumCharacters ? { kind: 'paragraph', start, end } : block;
}

/**
 * The decoded file; nothing for a PDF, whose text is taken from its pages.
 * @throws SkippedFile with the reason for what is no document by its name or its bytes
 */
export function decodeSource(path: string, bytes: Uint8Array): string | undefined {
  const binary = binaryName(path);
  if (binary) throw new SkippedFile(binary);
  const isNamedPdf = fileKind(path).reader === 'pdf';
  if (isPdf(bytes, isNamedPdf)) return undefined;
  if (isNamedPdf) throw new SkippedFile('not a PDF: no %PDF in its first 1,024 bytes');
  return decodeText(bytes);
}

function parseText(path: string, name: string, text: string): ParsedSource {
  const { reader, mediaType } = fileKind(path);
  const looksLikeHtml =
    reader === 'text' && extname(path) === '' && /^\s*<(!doctype html|html)[\s>]/i.test(text.slice(0, 200));
  const isXml = extname(path).toLowerCase() === '.xhtml' || /^\ufeff?<\?xml/.test(text);
  if (reader === 'html' || looksLikeHtml) return readHtml(text, name, isXml);
  switch (reader) {
    case 'markdown':
    case 'restructured': {
      const { blocks, title } = markdownBlocks(text, reader === 'restructured');
      return { text, mediaType, title: title ?? name, blocks };
    }
    case 'code':
      return { text, mediaType, title: basename(path), blocks: codeBlocks(text) };
    case 'data':
    case 'table':
      return {
        text,
        mediaType,
        title: basename(path),
        blocks: dataBlocks(text, reader === 'table' ? 'table' : 'code'),
      };
    default: {
      const { blocks, title } = path === '-' ? markdownBlocks(text, false) : textBlocks(text);
      return { text, mediaType, title: title ?? name, blocks };
    }
  }
}
