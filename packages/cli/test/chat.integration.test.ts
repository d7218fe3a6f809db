/**
 * `trivium chat` with a model that is played: what is printed where, what the model is shown each turn, and, at a terminal
 * of streams, commands and Ctrl-C.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { contracts } from '@trivium/protocol';
import { Host, models } from '@trivium/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runChat } from '../src/chat/chat-command.js';
import type { Command } from '../src/command.js';
import { visible } from '../src/visible.js';

const chat = models.capabilities.find(({ capability }) => capability.name === 'chat') as Command;
const template =
  "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}<assistant>{% if false %}<think>{{ '</think>' }}{% endif %}";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trivium-chat-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Played {
  answers?: string[];
  contextTokens?: number;
  /** What its file calls it. */
  name?: string;
  /** Called once this many pieces of an answer are out. */
  onPiece?: (piece: number) => Promise<void> | void;
}

/** A host whose model answers by the list, one token a word; `prompts` remembers what it was shown. */
function playedHost({
  answers = ['One.', 'Two.', 'Three.'],
  contextTokens = 2000,
  name = 'played',
  onPiece,
}: Played) {
  const host = new Host();
  const prompts: string[] = [];
  const model = {
    info: {
      kind: 'causal',
      contextTokens,
      path: 'played.gguf',
      name,
      chatTemplate: template,
      stopTokens: [],
    },
    tokenizer: {
      specialTokens: [],
      idOf: () => undefined,
      encode: async (text: string) => Int32Array.from(text, (character) => character.codePointAt(0)!),
    },
    async *generate({
      tokens,
      maxTokens,
      signal,
    }: {
      tokens: Int32Array;
      maxTokens: number;
      signal: AbortSignal;
    }) {
      const answer = answers[(prompts.push(String.fromCodePoint(...tokens)) - 1) % answers.length]!;
      let outputTokens = 0;
      for (const text of (answer.match(/\s*\S+/gu) ?? []).slice(0, maxTokens)) {
        signal.throwIfAborted();
        yield { type: 'token', id: 0, text };
        outputTokens += 1;
        await onPiece?.(outputTokens);
      }
      const reason = outputTokens === maxTokens ? 'length' : 'stop';
      yield { type: 'finish', reason, usage: { inputTokens: tokens.length, cachedTokens: 0, outputTokens } };
    },
  };
  Object.assign(host, { models: { get: async () => model, [Symbol.asyncDispose]: async () => {} } });
  return { host, prompts };
}

/** Keeps what is written to it. */
function kept(isTTY: boolean) {
  const stream = new PassThrough();
  const pieces: string[] = [];
  stream.on('data', (piece) => pieces.push(String(piece)));
  return Object.assign(stream, { isTTY, text: () => pieces.join('') });
}

const flags = (...more: string[]) => ['--model', 'played.gguf', ...more];

async function piped(text: string | Buffer, argv: string[], played: Played = {}) {
  const { host, prompts } = playedHost(played);
  const input = new PassThrough();
  input.end(text);
  const [out, notes] = [kept(false), kept(false)];
  const done = runChat(
    chat,
    'messages',
    argv,
    () => host,
    new AbortController().signal,
    () => {},
    {
      input,
      out,
      notes,
    },
  );
  const error = await done.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { stdout: out.text(), stderr: notes.text(), prompts, error };
}

describe('piped', () => {
  test('the whole of standard input is one message; the answer alone is on standard output', async () => {
    const thinking = { answers: ['<think>Hmm, well.</think>\n\nThe answer.'] };
    const { stdout, stderr, prompts } = await piped('Two lines\nof one question\n', flags(), thinking);
    expect(stdout).toBe('The answer.\n');
    expect(stderr).toBe('');
    expect(prompts).toEqual(['<user>Two lines\nof one question\n<assistant>']);
  });

  test('UTF-16 is read by its mark, as PowerShell pipes it, without --lines and with it', async () => {
    const text = Buffer.from('\ufeffWas kostet das, 5 €?\r\n', 'utf16le');
    for (const bytes of [text, Buffer.from(text).swap16()]) {
      for (const more of [[], ['--lines']]) {
        const { prompts } = await piped(bytes, flags(...more));
        expect(prompts).toEqual(['<user>Was kostet das, 5 €?\n<assistant>']);
      }
    }
  });

  test('--lines: each line is a turn of one conversation; --json: one object a turn', async () => {
    const { stdout, prompts } = await piped('a\n\nb\n', flags('--lines', '--json', '--system', 'S'));
    const outputs = stdout
      .trimEnd()
      .split('\n')
      .map((line) => contracts.chat.output.parse(JSON.parse(line)));
    expect(outputs.map(({ text }) => text)).toEqual(['One.', 'Two.']);
    expect(prompts.at(-1)).toBe('<system>S\n<user>a\n<assistant>One.\n<user>b\n<assistant>');
  });

  test('--lines: a turn is answered before the next one is written', async () => {
    const { host } = playedHost({});
    const streams = { input: new PassThrough(), out: kept(false), notes: kept(false) };
    const done = runChat(
      chat,
      'messages',
      flags('--lines'),
      () => host,
      new AbortController().signal,
      () => {},
      streams,
    );
    streams.input.write('a\r');
    streams.input.write('\nb');
    await expect.poll(() => streams.out.text()).toBe('One.\n');
    streams.input.write('\n');
    await expect.poll(() => streams.out.text()).toBe('One.\nTwo.\n');
    streams.input.end('c');
    await done;
    expect(streams.out.text()).toBe('One.\nTwo.\nThree.\n');
  });

  test('--events: every step, then the output', async () => {
    const { stdout } = await piped('a', flags('--events'), { answers: ['<think>Hm.</think>\n\nYes no.'] });
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['reasoning-delta', 'text-delta', 'output']),
    );
    expect(events.at(-1).output).toMatchObject({ text: 'Yes no.', reasoning: 'Hm.' });
  });

  test.each(['--json', '--events'])('%s: control characters are escaped', async (shape) => {
    const { stdout } = await piped('a', flags(shape), { answers: ['\x9b31mred\x7f'] });
    expect(stdout).toContain(String.raw`"\u009b31mred\u007f"`);
    expect(stdout).not.toMatch(/[\x7f-\x9f]/);
  });

  test('--load and --save: one conversation over several processes, settings kept where no flag says otherwise', async () => {
    const file = join(folder, 'kept.json');
    await piped('a', flags('--system', 'S', '--save', file));
    const second = await piped('b', ['--load', file, '--save', file, '--seed', '7']);
    expect(second.prompts).toEqual(['<system>S\n<user>a\n<assistant>One.\n<user>b\n<assistant>']);
    const saved = JSON.parse(await readFile(file, 'utf8'));
    expect(saved).toMatchObject({ model: 'played.gguf', system: 'S', seed: 7 });
    expect(saved.messages).toHaveLength(4);
    const other = await piped('c', ['--load', file, '--system', 'T']);
    expect(other.prompts[0]).toMatch(/^<system>T\n<user>a\n/);
    const refused = await piped('d', flags('--save', file));
    expect(refused).toMatchObject({ prompts: [], error: { code: 'io', file } });
    const nowhere = await piped('d', flags('--save', join(folder, 'nowhere', 'kept.json')));
    expect(nowhere).toMatchObject({ prompts: [], error: { code: 'not-found' } });
  });

  test('--save: where another file came to the name meanwhile, the conversation is saved beside it, and it says so', async () => {
    const [file, beside] = [join(folder, 'late.json'), join(folder, 'late-2.json')];
    const { error, stderr } = await piped('a', flags('--save', file), {
      onPiece: () => writeFile(file, 'mine'),
    });
    expect(error).toBeUndefined();
    expect(stderr).toContain(`saved to ${beside}.`);
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect(JSON.parse(await readFile(beside, 'utf8')).messages).toHaveLength(2);
  });

  test('turns that no longer fit leave, and it says so', async () => {
    const long = 'x'.repeat(90);
    const { stderr, prompts } = await piped(
      `${long}\n${long}\n${long}\n`,
      flags('--lines', '--max-tokens', '20'),
      {
        contextTokens: 280,
      },
    );
    expect(prompts).toHaveLength(3);
    expect(stderr).toContain('its 4 oldest messages are left out');
    expect(prompts.at(-1)).toBe(`<user>${long}\n<assistant>`);
  });

  test('what a loaded conversation says as the system stays when turns leave', async () => {
    const file = join(folder, 'long.json');
    const long = 'x'.repeat(90);
    const earlier = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: long },
      { role: 'assistant', content: 'One.' },
    ];
    await writeFile(file, JSON.stringify({ model: 'played.gguf', messages: earlier }));
    const argv = ['--load', file, '--save', file, '--lines', '--max-tokens', '20'];
    const { prompts } = await piped(`${long}\nwhy?\n`, argv, { contextTokens: 240 });
    expect(prompts).toEqual([
      `<system>Be brief.\n<user>${long}\n<assistant>`,
      `<system>Be brief.\n<user>${long}\n<assistant>One.\n<user>why?\n<assistant>`,
    ]);
    const { messages } = JSON.parse(await readFile(file, 'utf8'));
    expect(messages.map(({ role }: { role: string }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
      'assistant',
    ]);
  });

  test.each([[[]], [['--lines']]])('an interrupt ends the wait for a message %j', async (more) => {
    const { host, prompts } = playedHost({});
    const controller = new AbortController();
    const streams = { input: new PassThrough(), out: kept(false), notes: kept(false) };
    const argv = flags(...more);
    const done = runChat(
      chat,
      'messages',
      argv,
      () => host,
      controller.signal,
      () => {},
      streams,
    );
    streams.input.write('a\n');
    controller.abort();
    await expect(done).rejects.toMatchObject({ name: 'AbortError' });
    expect(prompts).toEqual([]);
  });

  test('a cut answer is said to be cut; no message is a fault', async () => {
    const cut = await piped('a', flags('--max-tokens', '2'), { answers: ['one two three'] });
    expect(cut).toMatchObject({ stdout: 'one two\n', stderr: expect.stringContaining('cut after 2 tokens') });
    expect((await piped('\n', flags())).error).toMatchObject({ code: 'invalid-argument', field: 'messages' });
  });
});

/** A terminal of streams; `types` sends what a person types and waits until `sees` stands on the screen. */
function terminal(argv: string[], played: Played = {}) {
  const { host, prompts } = playedHost(played);
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const [out, notes] = [kept(true), kept(true)];
  const controller = new AbortController();
  let interrupts = 0;
  const interrupt = () => {
    interrupts += 1;
    controller.abort(new Error('interrupted'));
  };
  const done = runChat(chat, 'messages', argv, () => host, controller.signal, interrupt, {
    input,
    out,
    notes,
  });
  const ended = done.then(
    () => 'left',
    (error: Error) => error.message,
  );
  let seen = 0;
  const types = async (keys: string, sees: string) => {
    input.write(keys);
    await expect
      .poll(() => (out.text() + notes.text()).length > seen && out.text() + notes.text())
      .toContain(sees);
    seen = (out.text() + notes.text()).length;
  };
  return { types, input, out, notes, prompts, ended, interrupts: () => interrupts };
}

describe('at a terminal', () => {
  test('messages, commands, a saved conversation, a forgotten one', async () => {
    const screen = terminal(flags());
    await screen.types('', 'played: 2000 tokens of context');
    await screen.types('/save\r', '/save wants a file');
    await screen.types('first\r', 'One.');
    await screen.types('second\r', 'Two.');
    const json = join(folder, 'talk.json');
    await screen.types(`/save ${json}\r`, 'Saved 4 messages');
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({
      model: 'played.gguf',
      messages: [{ content: 'first' }, { content: 'One.' }, { content: 'second' }, { content: 'Two.' }],
    });
    const taken = join(folder, 'taken.md');
    await writeFile(taken, 'mine');
    await screen.types(`/save ${taken}\r`, 'There is a file');
    expect(await readFile(taken, 'utf8')).toBe('mine');
    await screen.types('/nonsense\r', 'There is no command /nonsense');
    await screen.types('/load\r', '/load wants a file');
    await screen.types('/reset\r', 'is forgotten');
    await screen.types('third\r', 'Three.');
    expect(screen.prompts.at(-1)).toBe('<user>third\n<assistant>');
    screen.input.write('/exit\r');
    expect(await screen.ended).toBe('left');
  });

  test('a saved conversation goes on, and is saved where it came from', async () => {
    const file = join(folder, 'earlier.json');
    const messages = [
      { role: 'user', content: 'before' },
      { role: 'assistant', content: 'Zero.' },
    ];
    await writeFile(file, JSON.stringify({ model: 'other.gguf', messages }));
    await writeFile(join(folder, 'notes.md'), '## You');
    const screen = terminal(flags());
    await screen.types(`/load ${join(folder, 'notes.md')}\r`, 'Markdown is for people');
    await screen.types(`/load ${join(folder, 'nowhere.json')}\r`, '(not-found)');
    await screen.types(`/load ${file}\r`, 'Going on with 2 messages');
    await screen.types('after\r', 'One.');
    expect(screen.prompts).toEqual(['<user>before\n<assistant>Zero.\n<user>after\n<assistant>']);
    await screen.types('/save\r', 'Saved 4 messages');
    expect(JSON.parse(await readFile(file, 'utf8')).messages).toHaveLength(4);
    screen.input.end();
    expect(await screen.ended).toBe('left');
  });

  test('what --save names is written at the end, whatever was saved, loaded and forgotten before', async () => {
    const [file, other] = [join(folder, 'whole.json'), join(folder, 'whole.md')];
    const messages = [
      { role: 'user', content: 'before' },
      { role: 'assistant', content: 'Zero.' },
    ];
    for (const keys of [
      ['/reset', 'forgotten'],
      [`/save ${other}`, 'Saved'],
      [`/load ${file}`, 'Going on'],
    ]) {
      await writeFile(file, JSON.stringify({ model: 'other.gguf', messages }));
      const screen = terminal(flags('--load', file, '--save', file));
      await screen.types('', 'played: 2000');
      await screen.types(`${keys[0]}\r`, keys[1]!);
      await screen.types('after\r', 'One.');
      screen.input.write('/exit\r');
      expect(await screen.ended).toBe('left');
      const saved = JSON.parse(await readFile(file, 'utf8')).messages;
      expect(saved.at(-2)).toEqual({ role: 'user', content: 'after' });
    }
  });

  test('a file of this session may be saved to again by name, after it was forgotten too', async () => {
    const file = join(folder, 'again.json');
    const screen = terminal(flags());
    await screen.types('first\r', 'One.');
    await screen.types(`/save ${file}\r`, 'Saved 2 messages');
    await screen.types('/reset\r', 'is forgotten');
    await screen.types('/save\r', '/save wants a file');
    await screen.types('second\r', 'Two.');
    screen.input.write(`/save ${file}\r`);
    await expect
      .poll(async () => JSON.parse(await readFile(file, 'utf8')).messages[0].content)
      .toBe('second');
    screen.input.write('/exit\r');
    await screen.ended;
  });

  test('the end of what is typed while an answer is written lets it come to its end', async () => {
    let end: (() => void) | undefined;
    const onPiece = async (piece: number) => {
      if (piece !== 2) return;
      end?.();
      await new Promise((resolve) => setImmediate(resolve));
    };
    const screen = terminal(flags(), { answers: ['one two three'], onPiece });
    end = () => screen.input.end();
    await screen.types('a\r', 'one two three');
    expect(await screen.ended).toBe('left');
  });

  test('a terminal whose window is closed ends the conversation, which is kept', async () => {
    const file = join(folder, 'closed.json');
    const screen = terminal(flags('--save', file));
    await screen.types('first\r', 'One.');
    screen.input.emit('error', Object.assign(new Error('read EIO'), { code: 'EIO' }));
    expect(await screen.ended).toBe('left');
    expect(JSON.parse(await readFile(file, 'utf8')).messages).toHaveLength(2);
  });

  test('thinking is dimmed, control characters are shown as pictures', async () => {
    const answers = ['<think>Hmm.</think> \x1b[31mred'];
    const screen = terminal(flags(), { answers, name: '\x1b]0;named\x07' });
    await screen.types('', '\u241b]0;named\u2407: 2000 tokens');
    await screen.types('a\r', 'red');
    expect(screen.out.text()).toContain('\x1b[2mHmm.\x1b[22m\n\n');
    expect(screen.out.text()).toContain('\u241b[31mred');
    screen.input.end();
    expect(await screen.ended).toBe('left');
    expect(visible('a\tb\r\nc\rd\x07\x9b')).toBe('a\tb\r\nc\u240dd\u2407\ufffd');
  });

  test('Ctrl-C stops an answer, and what was written stays', async () => {
    let stop: (() => void) | undefined;
    const onPiece = async (piece: number) => {
      if (piece !== 2) return;
      stop?.();
      await new Promise((resolve) => setImmediate(resolve));
    };
    const screen = terminal(flags(), { answers: ['one two three four five'], onPiece });
    stop = () => screen.input.write('\x03');
    await screen.types('a\r', 'what was written stays');
    stop = undefined;
    await screen.types('b\r', 'five');
    expect(screen.prompts.at(-1)).toMatch(/^<user>a\n<assistant>one two( three)?\n<user>b\n/);
    expect(screen.interrupts()).toBe(0);
    screen.input.write('\x03');
    expect(await screen.ended).toBe('interrupted');
    expect(screen.interrupts()).toBe(1);
  });

  test('a failing turn is said, its message taken back, and the conversation goes on', async () => {
    const screen = terminal(flags('--max-tokens', '20'), { contextTokens: 100 });
    await screen.types(`${'x'.repeat(200)}\r`, 'your message is taken back');
    expect(screen.notes.text()).toContain('context-overflow');
    await screen.types('b\r', 'One.');
    expect(screen.prompts).toEqual(['<user>b\n<assistant>']);
    screen.input.end();
    await screen.ended;
  });
});
