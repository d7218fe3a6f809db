// Writes ../.cache/language/prompts.json: the prompts of the SDK as templates, so that the language model is trained on the
// very words it will be asked with. Placeholders are {name}; lengths are numbers that no text holds, replaced after.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../../', import.meta.url);
const { buildSync } = createRequire(fileURLToPath(new URL('package.json', root)))('esbuild');

async function load(path) {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(`packages/sdk/src/long-text/${path}`, root))],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

const { askPrompt, askSystem, summarizePrompt, summarizeSystem } = await load('prompts.ts');
const { promptsOf } = await load('write/prompts.ts');
// Chinese prompts say 1.6 characters for a word: 600,000 words stand as 960,000 there.
const lengths = { words: 600_000 };
const fields = (...names) => Object.fromEntries(names.map((name) => [name, `{${name}}`]));
const of = (language) => {
  const { system, note, points, section, polish } = promptsOf(language);
  const written = {
    system,
    note: note({ ...fields('material', 'instruction'), isNotes: false, ...lengths }),
    points: points({
      ...fields('material', 'instruction'),
      before: '',
      isNotes: false,
      points: 500_000,
      from: 1,
      ...lengths,
    }),
    section: section({
      ...fields('instruction', 'passages', 'point', 'tail', 'outline'),
      section: 700_000,
      sections: 800_000,
      isContinued: false,
      ...lengths,
    }),
    polish: polish({ ...fields('instruction', 'tail', 'text'), ...lengths }),
  };
  const named = (text) =>
    text
      .replaceAll(/600000|960000/g, '{words}')
      .replaceAll('500000', '{points}')
      .replaceAll('700000', '{section}')
      .replaceAll('800000', '{sections}');
  return Object.fromEntries(Object.entries(written).map(([name, text]) => [name, named(text)]));
};
const target = new URL('../.cache/language/', import.meta.url);
mkdirSync(target, { recursive: true });
writeFileSync(
  new URL('prompts.json', target),
  JSON.stringify(
    {
      en: of('en'),
      zh: of('zh'),
      ask: { system: askSystem, prompt: askPrompt('{question}', '{passages}') },
      summarize: {
        system: summarizeSystem,
        prompt: summarizePrompt('{passages}', lengths.words).replace('600000', '{words}'),
      },
    },
    null,
    1,
  ),
);
