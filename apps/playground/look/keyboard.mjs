// The page without a mouse: the skip link, a visible focus on whatever is reached, tabs by arrows, a question, its citation, and back.
import { openPlayground } from './drive.mjs';

const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return undefined;
    const seen = element.matches('.hidden') ? (element.nextElementSibling ?? element) : element;
    const { outlineStyle, outlineWidth } = getComputedStyle(seen);
    const { width, height } = seen.getBoundingClientRect();
    const label =
      element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
    return {
      name: (label?.trim() || element.id || element.tagName).slice(0, 60),
      isSeen: width > 0 && height > 0,
      hasRing: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0,
    };
  });

/** @returns sentences, one a fault */
export async function keyboardFaults(page, url) {
  const faults = [];
  const { keyboard } = page;
  const check = (at) => {
    if (!at?.isSeen) faults.push(`"${at?.name}" takes the focus and is not to be seen`);
    else if (!at.hasRing) faults.push(`"${at.name}" has the focus and does not show it`);
  };
  /** Presses Tab until something of that name has the focus. */
  const tabTo = async (name) => {
    for (let stop = 0; stop < 60; stop += 1) {
      await keyboard.press('Tab');
      const at = await focused(page);
      if (at) check(at);
      if (at && name.test(at.name)) return true;
    }
    faults.push(`Tab never reaches ${name}`);
    return false;
  };
  await openPlayground(page, url);
  await keyboard.press('Tab');
  if (!/skip/i.test((await focused(page))?.name ?? '')) faults.push('the first stop is no skip link');
  await tabTo(/^Choose files/);
  await tabTo(/^Use retries\.md/);
  await keyboard.press('Space');
  await tabTo(/^Write$/);
  await keyboard.press('ArrowRight');
  if ((await focused(page))?.name !== 'Ask') faults.push('the arrow does not lead to the next tab');
  await tabTo(/^Question/);
  await keyboard.type('How often is a task tried?');
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sources' }).waitFor();
  if (!(await tabTo(/^Citation 1/))) return [...new Set(faults)];
  await keyboard.press('Enter');
  await page.locator('mark').first().waitFor();
  const title = await focused(page);
  if (!/retries\.md/.test(title?.name ?? '')) faults.push('the focus does not follow into the source');
  await tabTo(/^Close/);
  await keyboard.press('Escape');
  if (!/^Citation 1/.test((await focused(page))?.name ?? ''))
    faults.push('Escape does not lead back to the citation');
  return [...new Set(faults)];
}
