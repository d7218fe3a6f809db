// The page of figures, from docs/evidence.md alone: no figure is written by hand here. What was missed stands beside what
// was reached.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fence, root, writePage } from './write-page.mjs';

const cellsOf = (line) =>
  line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

/** The rows of the one table of the evidence: claim, command, figure, machine and date, state. */
export function evidence(text) {
  const lines = text.split('\n').filter((line) => line.startsWith('|') && line.endsWith('|'));
  const [head, , ...rows] = lines.map(cellsOf);
  if (head?.join() !== 'claim,command,last figure,machine, date,state' && head?.length !== 5)
    throw new Error('docs/evidence.md has no table of claim, command, last figure, machine and date, state.');
  return rows.map(([claim, command, figure, where, state]) => ({ claim, command, figure, where, state }));
}

/** `Q4_0 1.98x and 1.82x` of each instruction set: prefill and decode, as multiples of the peer. */
export function speedUps(rows) {
  const row = rows.find(({ claim }) => claim.includes('node-llama-cpp') && claim.includes('prefill'));
  const sets = (row?.figure ?? '').split(/(?=AVX-512:|AVX2:)/).flatMap((part) => {
    const isa = /^(AVX-512|AVX2):/.exec(part)?.[1];
    const types = [...part.matchAll(/\b(Q\w+) ([\d.]+)x and ([\d.]+)x/g)];
    return isa && types.length > 0
      ? [
          {
            isa,
            types: types.map(([, type, prefill, decode]) => ({ type, prefill: +prefill, decode: +decode })),
          },
        ]
      : [];
  });
  return row && sets.length > 0 ? { ...row, sets } : undefined;
}

/** `shown`, `missed`, or anything between: what was built and not measured, or reached in part. */
const kindOf = (state) => (/^shown$/.test(state) ? 'shown' : /^missed/.test(state) ? 'missed' : 'partly');

const entry = ({ claim, command, figure, where, state }) =>
  [
    `<div class="evidence evidence-${kindOf(state)}">`,
    '',
    `<p class="evidence-state">${kindOf(state) === 'partly' ? 'with a remark' : state}</p>`,
    '',
    `**${claim}**`,
    '',
    figure,
    '',
    ...(kindOf(state) === 'partly' ? [`*${state}*`, ''] : []),
    `<small>Machine ${where}.</small> ${command}`,
    '',
    '</div>',
  ].join('\n');

export function writeBenchmarks() {
  const text = readFileSync(join(root, 'docs/evidence.md'), 'utf8');
  const rows = evidence(text);
  const count = (kind) => rows.filter(({ state }) => kindOf(state) === kind).length;
  const speed = speedUps(rows);
  if (!speed)
    console.warn(
      'docs/evidence.md tells no speed beside node-llama-cpp in the form that is drawn: no chart is made.',
    );
  const machines = /(Machine A:[\s\S]*?)\n\n/.exec(text)?.[1];
  writePage('reference/benchmarks.md', {
    title: 'Benchmarks',
    description: 'Every figure with its command, machine and date, and what was missed.',
    source: '`docs/evidence.md`',
    blocks: [
      `${rows.length} claims: ${count('shown')} shown, ${count('missed')} missed, ${count('partly')} with a remark.`,
      ...(machines ? [machines] : []),
      ...(speed
        ? [
            '## Beside node-llama-cpp',
            `How many times as fast as node-llama-cpp, on the same file and machine. A bar of 1.0 is a draw. (${speed.where})`,
            `<SpeedBars :sets='${JSON.stringify(speed.sets)}' />`,
            fence('sh', [...speed.command.matchAll(/`([^`]+)`/g)].map(([, command]) => command).join('\n')),
          ]
        : []),
      '## Every claim',
      ...rows.map(entry),
    ],
  });
}
