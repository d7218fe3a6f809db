// The states of the page that are pictured and looked at: each begins at the page as it comes.
import { ask, chat, draft, drop, dropDraft, openPlayground, show, write, written } from './drive.mjs';

const instruction = 'A short guide to retries';

async function choose(page, ...names) {
  for (const name of names) await page.getByLabel(`Use ${name}`).check();
}

/** By name: what leads there. `server` is one of: plain, locked (asks for a key), read-only, gone (was ended). */
export const states = {
  start: { act: async () => {} },
  writing: {
    act: async (page) => {
      await choose(page, 'retries.md', 'deployment.md');
      await write(page, instruction, 1000);
      await page.getByRole('button', { name: /expand section/ }).waitFor({ timeout: 120_000 });
    },
  },
  stopped: {
    act: async (page) => {
      await choose(page, 'retries.md');
      await write(page, instruction, 1000);
      await page.getByRole('button', { name: /expand section 1/ }).waitFor({ timeout: 120_000 });
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('button', { name: 'Resume' }).waitFor();
    },
  },
  written: {
    act: async (page) => {
      await choose(page, 'retries.md');
      await write(page, instruction, 300);
      await written(page);
    },
  },
  stages: {
    act: async (page) => {
      await show(page, 'Write');
      await page.getByText('Stages', { exact: true }).click();
    },
  },
  answer: {
    act: async (page) => {
      await dropDraft(page);
      await choose(page, 'retries.md', '限流.md');
      await ask(page, 'What happens to a task that misses its deadline?');
    },
  },
  source: {
    act: async (page) => {
      await choose(page, 'retries.md', 'deployment.md');
      await ask(page, 'How often is a task tried?');
      await page
        .getByRole('link', { name: /^Citation 1/ })
        .first()
        .click();
      await page.locator('mark').first().waitFor();
    },
  },
  chinese: {
    act: async (page) => {
      await dropDraft(page);
      await choose(page, '限流.md');
      await ask(page, '超过截止时间的任务会怎样？');
    },
  },
  chat: { act: (page) => chat(page, 'What is a queue of tasks good for?') },
  refused: {
    act: async (page) => {
      await drop(page, { name: 'photo.png', text: 'not a photo' });
      await drop(page, { name: 'program.txt', bytes: [0x7f, 0x45, 0x4c, 0x46, 0, 1] });
      await drop(page, draft);
      await page
        .getByText(/is no document/)
        .nth(1)
        .waitFor();
    },
  },
  unknown: {
    act: async (page) => {
      await page.getByLabel('Model', { exact: true }).first().fill('qwen-of-my-dreams.gguf');
      await chat(page, 'Hello');
      await page.getByRole('alert').waitFor();
    },
  },
  locked: {
    server: 'locked',
    act: async (page) => {
      await page.getByLabel('API key').fill('wrong');
      await page.getByRole('button', { name: 'Use it' }).click();
      await page.getByText('The server does not know this key.').waitFor();
    },
  },
  'read-only': { server: 'read-only', act: async () => {} },
  gone: {
    act: async (page) => {
      await page.route('**/metrics', (route) => route.abort());
      await page.getByText('The server does not answer.').waitFor({ timeout: 20_000 });
    },
  },
};

export async function enter(page, url, { act, server }) {
  if (server === 'locked') {
    await page.goto(`${url}/playground`);
    await page.getByText('This server asks for a key.').waitFor();
  } else await openPlayground(page, url);
  await act(page);
  // Figures are looked at twice a second while something runs.
  await page.waitForTimeout(700);
}
