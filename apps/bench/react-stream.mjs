/**
 * Must-show 6 of the surfaces: 100,000 tokens stream into a page in Chromium. What a token costs the page's main thread
 * in each tenth of the stream (script, style, layout and all else), and what the page holds afterwards.
 * Run it alone on the machine: node apps/bench/react-stream.mjs [--tokens N] [--rate TOKENS_A_SECOND] [--view whole]
 * `--view whole` shows the text as one string in one node, which is what grows. scripts/setup-browser.sh brings Chromium.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import { benchFolder, report, skip } from './lib/data.mjs';

const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '4000' },
    view: { type: 'string', default: 'streaming' },
  },
});
const tokens = Number(values.tokens);
const rate = Number(values.rate);
const tenths = 10;
const perTenth = Math.floor(tokens / tenths);
const executablePath =
  process.env.TRIVIUM_CHROMIUM ??
  (spawnSync('which', ['chromium'], { encoding: 'utf8' }).stdout.trim() ||
    skip('there is no chromium: run scripts/setup-browser.sh'));

/** Words of five letters on average, a line of about sixteen of them, a paragraph of three lines. */
function tokenAt(index) {
  const word = 'streaming text goes on and on'.split(' ')[index % 6];
  if (index % 48 === 47) return `${word}.\n\n`;
  return index % 16 === 15 ? `${word}\n` : `${word} `;
}

/** Serves the page, and its stream a tenth at a time: each begins when `release` is called, and resolves when it is sent. */
async function serve(script) {
  let stream;
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      stream = response;
      server.emit('stream');
      return;
    }
    const isScript = request.url === '/page.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8' });
    response.end(
      isScript ? script : '<!doctype html><title>stream</title><body><script src="/page.js"></script>',
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const frame = (value) => `data: ${JSON.stringify(value)}\n\n`;
  const beatMs = 10;
  let sent = 0;
  return {
    url: `http://127.0.0.1:${server.address().port}/?view=${values.view}`,
    connected: once(server, 'stream'),
    release: async () => {
      const started = performance.now();
      for (let of = 0; of < perTenth; ) {
        const due = Math.min(perTenth, Math.ceil(((performance.now() - started) * rate) / 1000));
        let batch = '';
        for (; of < due; of += 1, sent += 1)
          batch += frame({ type: 'progress', progress: { type: 'text-delta', text: tokenAt(sent) } });
        if (batch) stream.write(batch);
        await pause(beatMs);
      }
    },
    finish: () => {
      const text = Array.from({ length: sent }, (_, index) => tokenAt(index)).join('');
      stream.end(frame({ type: 'output', output: { text, citations: [], mode: 'extractive', ms: 1 } }));
      return text;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const { outputFiles } = await build({
  entryPoints: [path.join(benchFolder, 'lib/react-stream-page.mjs')],
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  define: { 'process.env.NODE_ENV': '"production"' },
});
const server = await serve(outputFiles[0].contents);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
try {
  const page = await browser.newPage();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const heapMB = async () => {
    await session.send('HeapProfiler.collectGarbage');
    return Math.round((await read()).JSHeapUsedSize / 1e4) / 100;
  };
  await page.goto(server.url);
  await server.connected;
  await pause(500);

  const emptyMB = await heapMB();
  const rows = [];
  const perToken = (before, after, name) => Math.round(((after[name] - before[name]) * 1e7) / perTenth) / 10;
  for (let tenth = 1; tenth <= tenths; tenth += 1) {
    const before = await read();
    await server.release();
    // What is on its way is shown; nothing runs while the counters are read.
    await pause(400);
    const after = await read();
    rows.push({
      name: `tenth ${tenth}`,
      'main thread, us a token': perToken(before, after, 'TaskDuration'),
      script: perToken(before, after, 'ScriptDuration'),
      style: perToken(before, after, 'RecalcStyleDuration'),
      layout: perToken(before, after, 'LayoutDuration'),
      'heap, MB': await heapMB(),
    });
  }
  report(`${perTenth * tenths} tokens at ${rate} a second, view ${values.view}`, rows);

  const text = server.finish();
  // Asked of the engine itself: what Playwright puts into a page would be on the page's account.
  const evaluate = async (expression) =>
    (await session.send('Runtime.evaluate', { expression, returnByValue: true })).result.value;
  while ((await evaluate("document.querySelector('#answer').dataset.status")) !== 'success') await pause(50);
  const after = [];
  for (const seconds of [0, 2, 4]) {
    if (seconds > 0) await pause(2000);
    after.push({ name: `${seconds} s after the end`, 'heap, MB': await heapMB() });
  }
  const shown = await evaluate("document.querySelector('#answer').textContent");
  await evaluate('leavePage()');
  after.push({ name: 'after unmounting', 'heap, MB': await heapMB() });
  after.push({ name: 'before the stream', 'heap, MB': emptyMB });
  report(`The page holds a text of ${(text.length / 1e6).toFixed(2)} MB`, after);
  const [first, last] = [rows[0], rows.at(-1)].map((row) => row['main thread, us a token']);
  console.log(
    `last tenth / first tenth: ${(last / first).toFixed(2)}; the text is ${shown === text ? 'whole' : 'NOT WHOLE'}`,
  );
  process.exitCode = shown === text ? 0 : 1;
} finally {
  await browser.close();
  server.close();
}
