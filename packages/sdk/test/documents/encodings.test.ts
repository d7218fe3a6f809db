/** Files that say nothing of their encoding: read right where their letters tell it, and never without a word. */
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLibrary } from '../../src/documents/index.js';
import { readSource } from '../../src/documents/readers/read-source.js';
import { temporaryFolder } from './fixtures.js';

const texts = {
  Russian: 'Кошка сидит на окне и смотрит на улицу. Сегодня идёт дождь, и она не хочет гулять (см. README).',
  Greek: 'Η γάτα κάθεται στο παράθυρο και κοιτάζει τον δρόμο. Σήμερα βρέχει και δεν θέλει να βγει έξω.',
  Japanese:
    '吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。',
  Kana: 'このソフトはフリーソフトです。インストールするにはファイルをダブルクリックしてください。',
  Korean: '고양이가 창문에 앉아 있습니다. 오늘은 비가 옵니다. 그래서 밖으로 나가고 싶어 하지 않습니다.',
  Taiwanese: '貓坐在窗邊看著街道。今天下雨，所以牠不想出門散步，而是在家裡等我們回來。這是我的書。',
  Chinese: '猫坐在窗边看着街道。今天下雨，所以它不想出门散步，而是在家里等我们回来。',
  // Its kana are those of EUC-JP too.
  Lesson:
    '日语的五十音图是学习的第一步：あいうえお，かきくけこ，さしすせそ。这些都要会读、会写，也要知道在词里怎么用。',
  Italian:
    'È così: il caffè è là, e non c’è più. Perché è tardi? È la città che è già piena, e ciò è un po’ di più.',
  French: 'Où va-t-il à l’été ? À Noël, « à côté » de là, il a été à la forêt : c’est à lui.',
  Polish: 'Zażółć gęślą jaźń. Nie mogę ustawić, nie mogę skopiować, nie mogę znaleźć: ł, ą, ę.',
};

const codes = new Map<string, ReadonlyMap<string, number[]>>();

/** What TextDecoder reads as the text. */
function encode(text: string, encoding: string): Buffer {
  const bytes = codes.get(encoding) ?? codesIn(encoding);
  codes.set(encoding, bytes);
  return Buffer.from(
    Array.from(text, (letter) => bytes.get(letter) ?? Buffer.from('?')).flatMap((code) => [...code]),
  );
}

function codesIn(encoding: string): ReadonlyMap<string, number[]> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const bytes = new Map<string, number[]>();
  const add = (...code: number[]) => {
    try {
      const letter = decoder.decode(Uint8Array.from(code));
      if (letter.length === 1 && !bytes.has(letter)) bytes.set(letter, code);
    } catch {
      // Not a letter.
    }
  };
  for (let first = 0; first < 0x100; first++) add(first);
  // Node 20 reads Windows-1252 as Latin-1.
  if (encoding === 'Windows-1252') bytes.set('’', [0x92]).set('—', [0x97]);
  for (let first = 0x81; first < 0xff; first++)
    for (let second = 0x40; second < 0xff; second++) add(first, second);
  return bytes;
}

it.each([
  ['Windows-1251', 'Russian'],
  ['KOI8-R', 'Russian'],
  ['Windows-1253', 'Greek'],
  ['Shift_JIS', 'Japanese'],
  ['EUC-JP', 'Japanese'],
  ['EUC-JP', 'Kana'],
  ['EUC-KR', 'Korean'],
  ['Big5', 'Taiwanese'],
  ['GB18030', 'Chinese'],
  ['GB18030', 'Lesson'],
  ['Windows-1252', 'Italian'],
  ['Windows-1252', 'French'],
] as const)('reads %s by its letters, and says that it guessed: %s', async (encoding, language) => {
  const text = texts[language].repeat(3);
  for (const wrong of ['', '\u00ff'])
    expect(
      await readSource('a.txt', Buffer.concat([encode(text, encoding), Buffer.from(wrong, 'latin1')])),
    ).toMatchObject({
      text: expect.stringContaining(text),
      warnings: [`read as ${encoding}, a guess: save it as UTF-8 if it looks wrong`],
    });
});

it('takes no European text for an Asian one', async () => {
  const { warnings } = await readSource('a.txt', encode(texts.Polish.repeat(20), 'windows-1250'));
  expect(warnings).toEqual([expect.stringContaining('Windows-1252, a guess')]);
});

it.each([
  'Add 10 µL of buffer, 2 µL of primer (10 µM) and 1 µL of template.\n',
  '5 µL Lösung zufügen, bei 20 °C.\n',
  '§A. ©M ®k\n',
  'Kings: A (1901—present), B (1999—end).\n',
])('takes no sign that letters follow for an Asian character: %s', async (line) => {
  const text = line.repeat(8);
  expect(await readSource('a.txt', encode(text, 'Windows-1252'))).toMatchObject({
    text,
    warnings: [expect.stringContaining('read as Windows-1252')],
  });
});

/** Tables of few words each, again and again, as lists of products and of people are. */
function* tablesOf(words: readonly string[]) {
  for (let at = 0; at < words.length; at++)
    for (const columns of [1, 2, 4]) {
      const row = words.slice(at, at + columns).join(',');
      yield Array.from({ length: 12 }, (_, line) => `${line},${row},${line * 3}\n`).join('');
    }
}

async function misreadAsOther(words: readonly string[]): Promise<string[]> {
  const misread: string[] = [];
  for (const text of tablesOf(words)) {
    const { text: read, warnings } = await readSource('a.csv', encode(text, 'GB18030'));
    // Two or three characters may be UTF-8 as well, which goes first.
    if (read !== text && warnings) misread.push(`${text.split('\n')[0]}: ${warnings[0]}`);
  }
  return misread;
}

it('reads Chinese tables of few words as such', async () => {
  const words =
    '手机 电脑 山东 黄山 机器 飞机 机房 海口 山西 返回 回归 推荐 链接 网络 上海 部门 备份 技术 档案 老师 英俊 备注 县 男 女 优秀 张 正常 异常 李娜 王芳 济南 小米手机 华为手机';
  expect(await misreadAsOther(words.split(' '))).toEqual([]);
});

const pages = join(import.meta.dirname, '../../../../../shared/data/parallel/vue-docs.en-zh.jsonl');

it.skipIf(!existsSync(pages))(
  'reads tables of the commonest words of Chinese pages as such (needs ../shared/data)',
  async () => {
    const seen = new Map<string, number>();
    const words = new Intl.Segmenter('zh', { granularity: 'word' });
    for (const line of readFileSync(pages, 'utf8').trim().split('\n').slice(0, 40))
      for (const { segment } of words.segment((JSON.parse(line) as { zh: string }).zh))
        if (/^\p{Script=Han}{2,4}$/u.test(segment)) seen.set(segment, (seen.get(segment) ?? 0) + 1);
    const commonest = [...seen].sort(([, a], [, b]) => b - a).slice(0, 500);
    expect(await misreadAsOther(commonest.map(([word]) => word))).toEqual([]);
  },
);

it('looks at letters all through the file, not at the first ones alone', async () => {
  const code = 'int add(int a, int b) { return a + b; }\n'.repeat(200);
  const text = `// Автор: Иванов\n${code}${'// Функция читает файл и возвращает строки, которые содержат слово\n'.repeat(20)}`;
  expect(await readSource('a.txt', encode(text, 'Windows-1251'))).toMatchObject({
    text,
    warnings: [expect.stringContaining('read as Windows-1251')],
  });
});

it('reads ISO-2022-JP, and escape sequences of a terminal as they stand', async () => {
  const bytes = Buffer.from('1b2442244a244b24731b2842206f6b', 'hex');
  expect(await readSource('a.txt', bytes)).toMatchObject({
    text: 'なにん ok',
    warnings: [expect.stringContaining('ISO-2022-JP, a guess')],
  });
  const terminal = '\x1b[1mok\x1b[0m \x1b$B?';
  expect(await readSource('a.log', Buffer.from(terminal))).toMatchObject({ text: terminal });
});

it.each(['fffe000041000000', '0000feff00000041'])('refuses UTF-32: %s', async (hex) => {
  await expect(readSource('a.txt', Buffer.from(hex, 'hex'))).rejects.toThrow('UTF-32: save it as UTF-8');
});

it('tells of encodings once each, naming some of the files, and says nothing where it knows', async () => {
  await using folder = await temporaryFolder();
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await folder.write(`${name}.txt`, Buffer.from(`un café très bon, ${name}`, 'latin1'));
  await folder.write(
    'f.txt',
    Buffer.concat([Buffer.from('Thé à la menthe. '.repeat(5)), Buffer.from([0xff])]),
  );
  await folder.write('g.txt', 'Größe');
  await folder.write('h.html', Buffer.from('<meta charset="iso-8859-1"><p>caf\u00e9', 'latin1'));
  await using library = await createLibrary({ inProcess: true, cacheDir: false, staticModel: false });
  const named = ['a', 'b', 'c'].map((name) => `${folder.path}/${name}.txt`).join(', ');
  for (let round = 0; round < 2; round++)
    expect(await library.read([folder.path])).toMatchObject({
      documents: 8,
      warnings: [
        `${named} and 2 more: read as Windows-1252, a guess: save it as UTF-8 if it looks wrong`,
        `${folder.path}/f.txt: some of it is no UTF-8, and reads as "\ufffd"`,
      ],
    });
});

// Other systems have no such names.
it.skipIf(process.platform !== 'linux')('says of a name that is no UTF-8 that it is the name', async () => {
  await using folder = await temporaryFolder();
  await writeFile(
    Buffer.concat([Buffer.from(`${folder.path}/caf`), Buffer.from([0xe9]), Buffer.from('.md')]),
    'x',
  );
  await using library = await createLibrary({ inProcess: true, cacheDir: false, staticModel: false });
  expect((await library.read([folder.path])).skipped).toEqual([
    { path: `${folder.path}/caf\ufffd.md`, reason: 'has a name that is not UTF-8: rename it' },
  ]);
});
