// The site without a mouse: the skip link, a visible focus on whatever is reached, the menu, and the search.

const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return undefined;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    return {
      name: (element.textContent?.trim() || element.getAttribute('aria-label') || element.tagName).slice(
        0,
        40,
      ),
      isSeen: width > 0 && height > 0,
      hasRing: (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) || boxShadow !== 'none',
    };
  });

/** @returns sentences, one a fault */
export async function keyboardFaults(page, url) {
  const faults = [];
  await page.goto(`${url}/quick-start`, { waitUntil: 'networkidle' });
  await page.keyboard.press('Tab');
  const first = await focused(page);
  if (!/skip to content/i.test(first?.name ?? ''))
    faults.push(`the first stop is ${first?.name}, no skip link`);
  await page.keyboard.press('Enter');
  if (!page.url().endsWith('#VPContent')) faults.push('the skip link leads nowhere');
  for (let stop = 0; stop < 40; stop += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (at && !at.isSeen) faults.push(`"${at.name}" takes the focus and is not to be seen`);
    else if (at && !at.hasRing) faults.push(`"${at.name}" has the focus and does not show it`);
  }
  await page.goto(`${url}/`, { waitUntil: 'networkidle' });
  await page.keyboard.press('Control+k');
  await page.waitForSelector('.VPLocalSearchBox input');
  await page.keyboard.type('checkpoint');
  await page.waitForSelector('.VPLocalSearchBox .result');
  await page.keyboard.press('Enter');
  await page
    .waitForURL((address) => address.pathname !== '/', { timeout: 10_000 })
    .catch(() => {
      faults.push('the search finds a page, and Enter does not open it');
    });
  return [...new Set(faults)];
}
