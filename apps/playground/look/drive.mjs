// What a person does on the page, for the screenshots and for the tests.

export const draft = {
  name: 'release-notes.md',
  text: [
    '# Release 2.4',
    '',
    'Tasks may now carry a deadline. A task that misses its deadline is stopped and counted as failed.',
    '',
    '## Upgrade',
    '',
    'The upgrade takes one restart. Start the new version beside the old one and end the old one with TERM.',
    'A worker of version 2.3 refuses tasks with a deadline, so that all workers are upgraded before deadlines are used.',
    '',
    '## 中文说明',
    '',
    '任务现在可以带有截止时间。超过截止时间的任务会被停止，并计为失败。升级只需重新启动一次。',
    '',
  ].join('\n'),
};

export async function openPlayground(page, url) {
  await page.goto(`${url}/playground`);
  await page.getByText('Ready', { exact: true }).waitFor();
}

/** Drops a file anywhere in the window, as a browser tells of it. */
export async function drop(page, { name, text, bytes }) {
  const transfer = await page.evaluateHandle(
    ([fileName, content]) => {
      const made = new DataTransfer();
      made.items.add(new File([typeof content === 'string' ? content : new Uint8Array(content)], fileName));
      return made;
    },
    [name, text ?? bytes],
  );
  await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

export async function dropDraft(page) {
  await drop(page, draft);
  await page.getByLabel(`Use ${draft.name}`).and(page.locator(':checked')).waitFor();
}

export const show = (page, tab) => page.getByRole('tab', { name: tab }).click();

export async function ask(page, question) {
  await show(page, 'Ask');
  await page.getByLabel('Question').fill(question);
  await page.getByRole('button', { name: 'Ask' }).click();
  await page.getByRole('heading', { name: 'Sources' }).waitFor();
}

export async function write(page, instruction, words) {
  await show(page, 'Write');
  await page.getByLabel('What to write').fill(instruction);
  await page.getByLabel('Words').fill(String(words));
  await page.getByRole('button', { name: 'Write', exact: true }).click();
}

export const written = (page) =>
  page.getByRole('link', { name: 'Download as Markdown' }).waitFor({ timeout: 120_000 });

export async function chat(page, text) {
  await show(page, 'Chat');
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Send' }).waitFor();
}
