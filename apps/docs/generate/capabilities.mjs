// The reference of capabilities, from their contracts alone.
import { documents, jobs, models } from '@trivium/sdk';
import { fieldTable, progressList } from './fields.mjs';
import { code, fence, plain, table, writePage } from './write-page.mjs';

const camelCase = (name) => name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());

const capabilities = [documents, models, jobs].flatMap((plugin) =>
  plugin.capabilities.map(({ capability }) => capability),
);

const effectsOf = ({ writes, destructive, network }) =>
  [writes && 'writes files', destructive && 'may remove or overwrite', network && 'uses the network']
    .filter(Boolean)
    .join(', ') || 'reads only';

function section(capability) {
  const { plugin, name, title, description, input, progress, output, effects, commandLine } = capability;
  const events = progressList(progress);
  const examples = (commandLine?.examples ?? []).map((example) => `trivium ${example}`);
  return [
    `## ${camelCase(name)} {#${plugin}-${name}}`,
    `**${plain(title)}.** ${plain(description)}`,
    table(
      ['function', 'effects'],
      [[code(`client.use(${plugin}).${camelCase(name)}(input)`), effectsOf(effects)]],
    ),
    '**Input**',
    fieldTable(input, 'input') ?? 'No fields.',
    ...(events.length > 0 ? ['**Progress**', events.join('\n')] : []),
    '**Output**',
    fieldTable(output, 'output') ?? 'No fields.',
    ...(examples.length > 0 ? [fence('sh', examples.join('\n'))] : []),
  ];
}

export function writeCapabilities() {
  writePage('reference/capabilities.md', {
    title: 'Capabilities',
    description: 'Every operation of Trivium with its input, progress and output.',
    source: 'the contracts in `@trivium/protocol`',
    blocks: [
      'Each capability is a function, a command and a tool; [one picture](/explanation/surfaces) shows how. Calls can be ' +
        'cancelled and report progress.',
      table(
        ['capability', 'plugin', 'what it does'],
        capabilities.map(({ plugin, name, title }) => [
          `[${code(camelCase(name))}](#${plugin}-${name})`,
          code(plugin),
          plain(title),
        ]),
      ),
      ...capabilities.flatMap(section),
    ],
  });
}
