/** Lines of a stream, however it is cut into chunks. */
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { linesIn } from '../src/lines.js';

async function linesOf(chunks: Iterable<string | Buffer>): Promise<string[]> {
  const input = Readable.from(
    (function* () {
      for (const chunk of chunks) yield Buffer.from(chunk);
    })(),
  );
  const lines: string[] = [];
  for await (const line of linesIn(input, new AbortController().signal)) lines.push(line);
  return lines;
}

test('lines are the same wherever the chunks end', async () => {
  const text = 'a\r\nbä\n\n\r\nc\rd\r\r\n€ e\r';
  const lines = ['a', 'bä', '', '', 'c\rd\r', '€ e\r'];
  const bytes = Buffer.from(text);
  expect(await linesOf([bytes])).toEqual(lines);
  expect(await linesOf(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(lines);
  for (let at = 1; at < bytes.length; at += 1)
    expect(await linesOf([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(lines);
  expect(await linesOf([`${text}\n`])).toEqual([...lines.slice(0, -1), '€ e']);
  expect(await linesOf([])).toEqual([]);
});

test('UTF-16 is read by its mark, as documents are', async () => {
  const bytes = Buffer.from('\ufeffa€\r\nb\n', 'utf16le');
  expect(await linesOf([bytes])).toEqual(['a€', 'b']);
  expect(await linesOf([bytes.subarray(0, 5), bytes.subarray(5)])).toEqual(['a€', 'b']);
  expect(await linesOf([Buffer.from(bytes).swap16()])).toEqual(['a€', 'b']);
});

test('a line of many chunks is read in time proportional to its length', async () => {
  // 64 MiB take a second; more than a minute where each chunk is joined to all before it.
  const chunks = Array<Buffer>(1024).fill(Buffer.alloc(2 ** 16, 'a'));
  const [line, rest] = await linesOf([...chunks, Buffer.from('\nb')]);
  expect([line?.length, rest]).toEqual([2 ** 26, 'b']);
}, 20_000);
