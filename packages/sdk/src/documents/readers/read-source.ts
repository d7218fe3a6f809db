/** One file's bytes to text and blocks: picks the reader, decodes, names the document. */
import { basename, extname } from 'node:path';
import { maximumCharacters } from '../chunk-document.js';
import { type Block, type ParsedSource, SkippedFile } from '../types.js';
import { codeBlocks, dataBlocks } from './code-blocks.js';
import { decodeText } from './decode-text.js';
import { readHtml } from './html.js';
import { markdownBlocks } from './markdown-blocks.js';
import { fileKind, hasBinaryName } from './media-types.js';
import { readPdf } from './pdf.js';
import { textBlocks } from './text-blocks.js';

/** @throws SkippedFile with the reason for what cannot be read. */
export async function readSource(path: string, bytes: Uint8Array): Promise<ParsedSource> {
  const parsed = await parse(path, bytes);
  return { ...parsed, blocks: parsed.blocks.map(asProse) };
}

/** What is longer than a passage heads nothing, whatever its marks say: a page in large type, a line above `---`. */
function asProse(block: Block): Block {
  const { kind, start, end } = block;
  return kind === 'heading' && end - start > maximumCharacters ? { kind: 'paragraph', start, end } : block;
}

async function parse(path: string, bytes: Uint8Array): Promise<ParsedSource> {
  const { reader, mediaType } = fileKind(path);
  const name = path === '-' ? 'standard input' : basename(path, extname(path));
  const isPdf = bytes[0] === 0x25 && bytes[1] === 0x50 && bytes[2] === 0x44 && bytes[3] === 0x46;
  if (isPdf) return readPdf(bytes, name);
  if (reader === 'pdf') throw new SkippedFile('not a PDF: it does not begin with %PDF');
  if (hasBinaryName(path)) throw new SkippedFile(`not text: ${extname(path)} files are not read`);
  const text = decodeText(bytes);
  const looksLikeHtml =
    reader === 'text' && extname(path) === '' && /^\s*<(!doctype html|html)[\s>]/i.test(text.slice(0, 200));
  const isXml = extname(path).toLowerCase() === '.xhtml' || text.startsWith('<?xml');
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
