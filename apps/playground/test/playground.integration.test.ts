/**
 * The page as a person uses it, in Chromium over `trivium serve` with nano: a dropped document, a cited answer, its place in
 * the source, a staged writing stopped and resumed, chat, and what is refused. Skips where there is no Chromium.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, chat, draft, drop, dropDraft, openPlayground, write, written } from '../look/drive.mjs';
import { startServer } from '../look/server.mjs';

const executablePath = process.env.TRIVIUM_CHROMIUM || '/usr/bin/chromium';
const reason = existsSync(executablePath)
  ? ''
  : ' (skipped: no Chromium here; scripts/setup-browser.sh installs it)';

describe.skipIf(reason)(`the playground in Chromium${reason}`, () => {
  let server: Awaited<ReturnType<typeof startServer>>;
  let browser: Browser;
  const faults: string[] = [];
  beforeAll(async () => {
    server = await startServer();
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function open(url = server.url): Promise<Page> {
    const page = await browser.newPage();
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => {
      // What the browser's policy forbids is a fault of the page.
      if (message.text().includes('Content Security Policy')) faults.push(message.text());
    });
    await openPlayground(page, url);
    return page;
  }

  it('answers from a dropped document, and a citation leads to its marked place', async () => {
    const page = await open();
    await dropDraft(page);
    await ask(page, 'What happens to a task that misses its deadline?');
    expect(await page.locator('.answer .prose').textContent()).toContain('counted as failed');
    const citation = page.getByRole('link', { name: /^Citation 1: release-notes\.md/ }).first();
    await citation.click();
    await page.locator('mark').first().waitFor();
    const marked = (await page.locator('mark').allTextContents()).join('\n');
    expect(marked).toContain('A task that misses its deadline is stopped and counted as failed.');
    // Line by line what the document holds: the empty ones have no mark.
    expect(draft.text.split('\n').filter(Boolean).join('\n')).toContain(marked);
    await page.keyboard.press('Escape');
    expect(await page.locator('dialog[open]').count()).toBe(0);
    expect(await citation.evaluate((link) => link === document.activeElement)).toBe(true);
    await page.close();
  });

  it('stops a staged writing, and goes on with it', async () => {
    const page = await open();
    await page.getByLabel('Use retries.md').check();
    await write(page, 'A short guide to retries', 1000);
    // At once, within the page: on a busy machine the stage is over before a click from outside arrives.
    await page.waitForFunction(() => {
      const buttons = [...document.querySelectorAll('button')];
      if (!buttons.some(({ textContent }) => /^\s*expand\s*section/.test(textContent))) return false;
      const stop = buttons.find(({ textContent }) => textContent === 'Stop');
      stop?.click();
      return stop !== undefined;
    });
    await page.getByRole('button', { name: /^expand stopped/ }).waitFor();
    const summary = page.getByRole('button', { name: /^summary finished/ });
    await summary.click();
    const points = (await page.locator('.stage-text').textContent()) ?? '';
    expect(points.length).toBeGreaterThan(100);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: /^expand (section|finished)/ }).waitFor();
    await written(page);
    await summary.click();
    // The same summary: a draft also shows what was cut from its end.
    expect(await page.locator('.stage-text').textContent()).toContain(points.slice(0, 60));
    const out = page.locator('.meters dl > div', { hasText: 'Tokens out' }).locator('dd');
    expect(Number((await out.textContent())?.replace(/\D/g, ''))).toBeGreaterThan(100);
    await page.close();
  });

  it('asks and sends once, also where it is stopped', async () => {
    const page = await open();
    const calls: string[] = [];
    await page.route(/\/documents\/ask$|\/api\/chat$/, (route) => {
      calls.push(new URL(route.request().url()).pathname.split('/').at(-1)!); // and no answer comes
    });
    await page.getByLabel('Use retries.md').check();
    await page.getByRole('tab', { name: 'Ask' }).click();
    await page.getByLabel('Question').fill('What is retried?');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await expect.poll(() => calls).toEqual(['ask']);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Ask', exact: true }).waitFor();
    await page.getByRole('tab', { name: 'Chat' }).click();
    await page.getByRole('textbox', { name: 'Message' }).fill('Hello');
    await page.getByRole('button', { name: 'Send' }).click();
    await expect.poll(() => calls).toEqual(['ask', 'chat']);
    await page.getByRole('textbox', { name: 'Message' }).fill('And then?');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Send' }).waitFor();
    await page.waitForTimeout(300);
    expect(calls).toEqual(['ask', 'chat']);
    await page.close();
  });

  it('leaves out what was left out, also while it is sent again and after it was removed', async () => {
    const page = await open();
    const chosen = page.getByRole('complementary', { name: 'Documents' }).getByRole('status');
    await dropDraft(page);
    expect(await chosen.textContent()).toBe('1 chosen');
    await page.getByLabel(`Use ${draft.name}`).uncheck();
    expect(await chosen.textContent()).toBe('none chosen');
    await page.route(/\/v1\/scratch\//, () => {}); // and no answer comes
    await drop(page, draft);
    await page.getByText('sending …').waitFor();
    expect(await chosen.textContent()).toBe('none chosen');
    await page.getByRole('button', { name: `Remove ${draft.name}` }).click();
    await page.getByLabel(`Use ${draft.name}`).waitFor({ state: 'detached' });
    expect(await chosen.textContent()).toBe('none chosen');
    await page.close();
  });

  it('stops the reading before a writing', async () => {
    const page = await open();
    let readings = 0;
    await page.route(/\/documents\/read$/, () => {
      readings += 1; // and no answer comes
    });
    await page.getByLabel('Use retries.md').check();
    await write(page, 'A short guide to retries', 100);
    await expect.poll(() => readings).toBe(1);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Write', exact: true }).waitFor();
    await page.getByText(/^Reading/).waitFor({ state: 'detached' });
    expect(readings).toBe(1);
    await page.close();
  });

  it('writes with the model that the field shows where none was named', async () => {
    const page = await browser.newPage();
    const models: unknown[] = [];
    await page.route(/\/v1\/models$/, (route) =>
      route.fulfill({ json: { data: [{ id: 'own.gguf', kind: 'language' }] } }),
    );
    await page.route(/\/documents\/(ask|write)$/, (route) => {
      models.push(route.request().postDataJSON().model); // and no answer comes
    });
    await openPlayground(page, server.url);
    await page.getByLabel('Use retries.md').check();
    const field = page.getByLabel('Model', { exact: true }).first();
    expect(await field.getAttribute('placeholder')).toBe('own.gguf');
    await field.fill(' ');
    await write(page, 'A short guide to retries', 100);
    await expect.poll(() => models).toEqual(['own.gguf']);
    await page.getByRole('tab', { name: 'Ask' }).click();
    await page.getByLabel('Question').fill('What is retried?');
    await page.getByLabel(/Let the model write/).check();
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await expect.poll(() => models).toEqual(['own.gguf', 'own.gguf']);
    await page.close();
  });

  it('opens a source again that the browser itself has closed, as a phone does at the gesture that goes back', async () => {
    const page = await open();
    await page.setViewportSize({ width: 390, height: 844 });
    for (const name of ['retries.md', 'deployment.md']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('dialog', { name }).waitFor();
      await page.evaluate(() => (document.activeElement as HTMLElement).blur());
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await page.close();
  });

  it('talks with the model', async () => {
    const page = await open();
    await chat(page, 'Name a tea.');
    await page.locator('[data-role="assistant"] .prose').waitFor();
    expect(await page.locator('[data-role="assistant"] .prose').textContent()).not.toBe('');
    await page.close();
  });

  it('says what is refused and what can be done', async () => {
    const page = await open();
    await drop(page, { name: 'photo.png', text: 'x' });
    await page.getByText(/photo\.png is no document.*Convert it/).waitFor();
    await page.getByLabel('Model', { exact: true }).first().fill('../secret.gguf');
    await chat(page, 'Hello');
    await page
      .getByRole('alert')
      .getByText(/outside the folder/)
      .waitFor();
    await page.close();
  });

  it('asks for the key of a server that wants one', async () => {
    const locked = await startServer({ flags: ['--api-key', 'secret'] });
    try {
      const page = await browser.newPage();
      await page.goto(`${locked.url}/playground/`);
      for (const key of ['wrong', 'secret']) {
        await page.getByLabel('API key').fill(key);
        await page.getByRole('button', { name: 'Use it' }).click();
        if (key === 'wrong') await page.getByText('The server does not know this key.').waitFor();
      }
      await page.getByText('Ready', { exact: true }).waitFor();
      await page.getByLabel('Use retries.md').waitFor();
      await page.close();
    } finally {
      await locked.stop();
    }
  });

  it('threw nothing and was forbidden nothing meanwhile', () => {
    expect(faults).toEqual([]);
  });
});

describe('the built page', () => {
  const assets = new URL('../dist/assets/', import.meta.url).pathname;
  const script = readdirSync(assets).find((name) => name.endsWith('.js')) ?? '';

  it('holds nothing of the engine and its host', () => {
    const text = readFileSync(join(assets, script), 'utf8');
    for (const word of ['trivium_native', 'node:fs', 'node-addon-api', 'worker_threads'])
      expect(text).not.toContain(word);
  });
});
