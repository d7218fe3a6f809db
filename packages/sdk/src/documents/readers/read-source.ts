/** One file's bytes to text and blocks: picks the reader, names the document. */
import { basename, extname } from 'node:path';
import { characterEdge, maximumCharacters, titleCharacters } from '../chunk-document.js';
import type { Block, ParsedSource } from '../types.js';
import { codeBlocks, dataBlocks } from './code-blocks.js';
import { decodeSource } from './decode-source.js';
import { markdownBlocks } from './markdown-blocks.js';
import { fileKind } from './media-types.js';
import { readPdf } from './pdf.js';
import { textBlocks } from './text-blocks.js';

/** @throws SkippedFile with the reason for what cannot be read; between pages of a PDF the signal's reason. */
export async function readSource(
  path: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<ParsedSource> {
  const name = path === '-' ? 'standard input' : basename(path, extname(path));
  const decoded = decodeSource(path, bytes);
  const parsed = decoded ? await parseText(path, name, decoded.text) : await readPdf(bytes, name, signal);
  const warnings = decoded?.warning === undefined ? parsed.warnings : [decoded.warning];
  const title = parsed.title.slice(0, characterEdge(parsed.title, titleCharacters));
  return { ...parsed, title, blocks: parsed.blocks.map(asProse), ...(warnings && { warnings }) };
}

/** What is longer than a passage heads nothing, whatever its marks say: a page in large type, a line above `---`. */
function asProse(block: Block): Block {
  const { kind, start, end } = block;
  return kind === 'heading' && end - start > maximumCharacters ? { kind: 'paragraph', start, end } : block;
}

async function parseText(path: string, name: string, text: string): Promise<ParsedSource> {
  const { reader, mediaType } = fileKind(path);
  const looksLikeHtml =
    reader === 'text' && extname(path) === '' && /^\s*<(!doctype html|html)[\s>]/i.test(text.slice(0, 200));
  const isXml = extname(path).toLowerCase() === '.xhtml' || /^\ufeff?<\?xml/.test(text);
  if (reader === 'html' || looksLikeHtml) {
    const { readHtml } = await import('./html.js'); // its parser is loaded for pages alone
    return readHtml(text, name, isXml);
  }
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
