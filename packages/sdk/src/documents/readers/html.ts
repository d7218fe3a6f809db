/**
 * Text of an HTML page with runs that lead back into the markup. Blanks are collapsed as browsers do, blocks are parted
 * by line ends, what is not read aloud (scripts, styles, navigation) is left out. Broken markup is read as far as it goes.
 */
import { Parser } from 'htmlparser2';
import { runWidth } from '../places.js';
import type { Block, BlockKind, ParsedSource } from '../types.js';
import { wellFormed } from './well-formed.js';

const silent = new Set([
  'script',
  'style',
  'noscript',
  'template',
  'title',
  'svg',
  'nav',
  'iframe',
  'select',
  'math',
]);
/** Of these, what holds tags: where no end tag ends one, the rest of the page lies in it. */
const silentMarkup = new Set(['svg', 'nav', 'select', 'math']);
const blockNames = new Set(
  'p div section article main header footer aside blockquote ul ol dl dt dd li pre table tr caption figure figcaption h1 h2 h3 h4 h5 h6 hr form fieldset details summary body br address'.split(
    ' ',
  ),
);
/** What a block is for the innermost of these tags around it. */
const kindsInside = new Map<string, BlockKind>([
  ['li', 'list'],
  ['tr', 'table'],
]);

/** They say what the text in them is. */
const telling = new Set('h1 h2 h3 h4 h5 h6 pre ul ol li table tr td th'.split(' '));
const read = new Set([...silent, ...blockNames, 'td', 'th']);

/** Tags that browsers nest. Here as many of each kind, so that what lies in a pile of `<div>` stays what it is. */
const mostNested = 512;

/** Open tags of one kind: those that the parser keeps, and those too deep for it, which lie in the innermost that it keeps. */
interface Nest {
  kept: number;
  flat: Map<string, number>;
}

/**
 * Keeps no tags that say nothing of blocks, nor more than browsers nest: its stack moves as a whole with every tag, so that
 * a page which never closes its `<font>` or `<div>` would take time by the square of its length. As in browsers, `</b>`
 * ends no item that began in it.
 */
class BlockParser extends Parser {
  readonly #extractor: Extractor;
  readonly #source: string;
  readonly #isXml: boolean;
  readonly #nests = [silent, telling, read].map(() => ({ kept: 0, flat: new Map() }) as Nest);
  /** Whether the tag at hand is none that is kept; open until its name is known. */
  #isFlat: boolean | undefined;
  /** The last one that was none. */
  #flatTag = '';

  constructor(extractor: Extractor, source: string, isXml: boolean) {
    super(
      {
        onopentag: (tag) => this.#open(tag),
        onclosetag: (tag, isImplied) => this.#close(tag, !isImplied),
        ontext: (data) => extractor.text(data, this.startIndex, this.endIndex + 1),
      },
      { decodeEntities: true, recognizeSelfClosing: isXml },
    );
    this.#extractor = extractor;
    this.#source = source;
    this.#isXml = isXml;
  }

  override onopentagname(start: number, end: number): void {
    this.#isFlat = undefined;
    super.onopentagname(start, end);
  }

  override onclosetag(start: number, end: number): void {
    this.#isFlat = this.#endFlat(this.#source.slice(start, end).toLowerCase());
    super.onclosetag(start, end);
  }

  override onselfclosingtag(end: number): void {
    const endsHere = this.#isXml || this.isInForeignContext();
    if (this.#isFlat && endsHere) {
      // The parser would end the one of its name that it keeps.
      this.onopentagend(end);
      this.#endFlat(this.#flatTag);
    } else super.onselfclosingtag(end);
  }

  protected override isVoidElement(name: string): boolean {
    if (!this.#canHold(name)) return true;
    this.#isFlat ??= this.#nestOf(name).kept >= mostNested;
    return this.#isFlat;
  }

  #canHold(tag: string): boolean {
    return read.has(tag) && !super.isVoidElement(tag);
  }

  #nestOf(tag: string): Nest {
    return this.#nests[silent.has(tag) ? 0 : telling.has(tag) ? 1 : 2]!;
  }

  #open(tag: string): void {
    const nest = this.#nestOf(tag);
    if (this.#isFlat) {
      nest.flat.set(tag, (nest.flat.get(tag) ?? 0) + 1);
      this.#flatTag = tag;
    } else if (this.#canHold(tag)) nest.kept++;
    this.#extractor.open(tag, this.startIndex);
  }

  #close(tag: string, isEnded: boolean): void {
    // The parser says so right behind its beginning.
    if (this.#isFlat) return;
    if (this.#canHold(tag)) this.#endKept(this.#nestOf(tag));
    this.#extractor.close(tag, isEnded);
  }

  /** With it ends what lies in it. */
  #endKept(nest: Nest): void {
    for (const [tag, count] of nest.flat)
      for (let left = count; left > 0; left--) this.#extractor.close(tag, false);
    nest.flat.clear();
    nest.kept--;
  }

  /** Whether it was a flat one that ends. */
  #endFlat(tag: string): boolean {
    const { flat } = this.#nestOf(tag);
    const count = flat.get(tag) ?? 0;
    if (count === 0) return false;
    flat.set(tag, count - 1);
    this.#extractor.close(tag, true);
    return true;
  }
}

/**
 * Navigation and the like is left out only where it is ended: a page that forgets that is read once more, with all that lies
 * behind.
 * @param isXml whether `<script/>` and the like end where they begin, as XHTML has it
 */
export function readHtml(source: string, name: string, isXml: boolean): ParsedSource {
  const extract = (heard: ReadonlySet<number>) => {
    const extractor = new Extractor(source, heard);
    new BlockParser(extractor, source, isXml).end(source);
    return extractor;
  };
  const first = extract(new Set());
  const unended = first.unended();
  return (unended.size > 0 ? extract(unended) : first).finish(name);
}

class Extractor {
  readonly #source: string;
  readonly #parts: string[] = [];
  readonly #runs: number[] = [];
  readonly #blocks: Block[] = [];
  /** Tags that are open and say what blocks are, the innermost last; how deep others lie does not matter. */
  readonly #headings: string[] = [];
  readonly #holders: string[] = [];
  #length = 0;
  #blockStart = 0;
  /** How many tags are open of which nothing is read. */
  #silent = 0;
  /** Open tags that may be such, by name, the innermost last. */
  readonly #silences = new Map<string, { start: number; isSilent: boolean }[]>();
  readonly #unended = new Set<number>();
  readonly #heard: ReadonlySet<number>;
  #pre = 0;
  #title = '';
  #inTitle = false;
  #pendingBlank = -1;
  #line = 1;
  /** Where that line ends. */
  #lineEnd: number;

  /** @param heard where tags begin that are read though their like is not */
  constructor(source: string, heard: ReadonlySet<number>) {
    this.#source = source;
    this.#heard = heard;
    this.#lineEnd = this.#newlineFrom(0);
  }

  /** @param start where it stands in the source */
  open(tag: string, start: number): void {
    if (tag === 'title') this.#inTitle = this.#title === '';
    if (silent.has(tag)) this.#silence(tag, { start, isSilent: !this.#heard.has(start) });
    if (blockNames.has(tag)) this.#endBlock();
    if (tag === 'pre') this.#pre++;
    if (tag === 'td' || tag === 'th') this.#cell();
    this.#openOf(tag)?.push(tag);
  }

  /** @param isEnded by an end tag of its own */
  close(tag: string, isEnded: boolean): void {
    if (tag === 'title') this.#inTitle = false;
    const silence = this.#silences.get(tag)?.pop();
    if (silence?.isSilent) this.#silent--;
    if (silence && !isEnded && silentMarkup.has(tag)) this.#unended.add(silence.start);
    if (blockNames.has(tag)) this.#endBlock();
    if (tag === 'pre') this.#pre = Math.max(0, this.#pre - 1);
    // The parser closes tags from the inside out; one that the file ends in was never opened.
    const open = this.#openOf(tag);
    if (open?.at(-1) === tag) open.pop();
  }

  #silence(tag: string, silence: { start: number; isSilent: boolean }): void {
    if (silence.isSilent) this.#silent++;
    const open = this.#silences.get(tag);
    if (open) open.push(silence);
    else this.#silences.set(tag, [silence]);
  }

  /** Where tags of markup begin that nothing ended, once the page is read. */
  unended(): ReadonlySet<number> {
    for (const tag of silentMarkup)
      for (const { start } of this.#silences.get(tag) ?? []) this.#unended.add(start);
    return this.#unended;
  }

  #openOf(tag: string): string[] | undefined {
    if (kindsInside.has(tag)) return this.#holders;
    return /^h[1-6]$/.test(tag) ? this.#headings : undefined;
  }

  text(data: string, start: number, end: number): void {
    if (this.#inTitle) this.#title += data;
    if (this.#silent > 0) return;
    const verbatim = data.length === end - start && this.#source.startsWith(data, start);
    if (!verbatim) {
      if (data.trim() === '' && !this.#pre) this.#pendingBlank = start;
      else this.#append(data, start, end - start);
      return;
    }
    if (this.#pre > 0) this.#append(data, start, data.length);
    else this.#words(data, start);
  }

  #words(data: string, start: number): void {
    const word = /[^\s]+/g;
    let last = 0;
    for (let match = word.exec(data); match; match = word.exec(data)) {
      if (match.index > last) this.#pendingBlank = start + last;
      this.#append(match[0], start + match.index, match[0].length);
      last = match.index + match[0].length;
    }
    if (last < data.length) this.#pendingBlank = start + last;
  }

  finish(name: string): ParsedSource {
    this.#endBlock();
    const text = wellFormed(this.#parts.join(''));
    const heading = this.#blocks.find(({ kind }) => kind === 'heading');
    const title =
      this.#title.replace(/\s+/g, ' ').trim() || (heading ? text.slice(heading.start, heading.end) : name);
    return { text, mediaType: 'text/html', title, blocks: this.#blocks, runs: Int32Array.from(this.#runs) };
  }

  #append(data: string, fileStart: number, fileLength: number): void {
    if (this.#pendingBlank >= 0) {
      if (this.#length > this.#blockStart) this.#put(' ', this.#pendingBlank, 1);
      this.#pendingBlank = -1;
    }
    this.#put(data, fileStart, fileLength);
  }

  #put(data: string, fileStart: number, fileLength: number): void {
    for (; this.#lineEnd < fileStart; this.#lineEnd = this.#newlineFrom(this.#lineEnd + 1)) this.#line++;
    const runs = this.#runs;
    const last = runs.length - runWidth;
    const joins =
      last >= 0 &&
      data.length === fileLength &&
      // A run stands on the line it begins on: a line end that became a blank is none that could be counted.
      runs[last + 3] === this.#line &&
      runs[last + 2] === runs[last + 4] &&
      runs[last]! + runs[last + 4]! === this.#length &&
      runs[last + 1]! + runs[last + 2]! === fileStart;
    if (joins) {
      runs[last + 2]! += fileLength;
      runs[last + 4]! += fileLength;
    } else runs.push(this.#length, fileStart, fileLength, this.#line, data.length);
    this.#parts.push(data);
    this.#length += data.length;
  }

  /** Infinity where there is none: a page on one line is searched once, not once a word. */
  #newlineFrom(offset: number): number {
    const found = this.#source.indexOf('\n', offset);
    return found < 0 ? Number.POSITIVE_INFINITY : found;
  }

  #cell(): void {
    this.#pendingBlank = -1;
    if (this.#length > this.#blockStart) this.#glue(' | ');
  }

  #glue(data: string): void {
    this.#parts.push(data);
    this.#length += data.length;
  }

  #endBlock(): void {
    this.#pendingBlank = -1;
    if (this.#length === this.#blockStart) return;
    const kind = this.#pre > 0 ? 'code' : (kindsInside.get(this.#holders.at(-1)!) ?? 'paragraph');
    const heading = this.#headings.at(-1);
    const block: Block = { kind: heading ? 'heading' : kind, start: this.#blockStart, end: this.#length };
    if (heading) block.level = Number(heading[1]);
    this.#blocks.push(block);
    this.#glue(kind === 'table' || kind === 'list' ? '\n' : '\n\n');
    this.#blockStart = this.#length;
  }
}
