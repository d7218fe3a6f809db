// The reference of the API: TypeDoc over the public entries of the packages, one page a module. What a package does not
// export has no page.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Application, Converter } from 'typedoc';
import { docs, root, table, writePage } from './write-page.mjs';

const modules = [
  [
    '@trivium/sdk',
    'packages/sdk/src/index.ts',
    'Clients, hosts and plugins; everything of the provider too.',
  ],
  ['@trivium/sdk/provider', 'packages/sdk/src/provider/index.ts', 'Local models as AI SDK models.'],
  [
    '@trivium/sdk/documents',
    'packages/sdk/src/documents/index.ts',
    'Read files into passages, and search them.',
  ],
  [
    '@trivium/sdk/long-text',
    'packages/sdk/src/long-text/index.ts',
    'Ask, summarize and write over any model.',
  ],
  [
    '@trivium/sdk/server',
    'packages/sdk/src/server/index.ts',
    "OpenAI's interface, useChat, capabilities and jobs over HTTP.",
  ],
  [
    '@trivium/sdk/testing',
    'packages/sdk/src/testing/index.ts',
    'A model that plays back texts, and conformance checks.',
  ],
  [
    '@trivium/protocol',
    'packages/protocol/src/index.ts',
    'Contracts, calls and the one error: runs in a page too.',
  ],
  ['@trivium/native', 'packages/native/lib/index.ts', 'The typed face of the engine.'],
  ['@trivium/mcp-server', 'packages/mcp-server/src/index.ts', 'Tools made from capabilities.'],
  [
    '@trivium/mcp-server/client',
    'packages/mcp-server/src/client/index.ts',
    "Any server's tools as tools of the AI SDK.",
  ],
  ['@trivium/react', 'packages/react/src/index.ts', 'Hooks and headless components over a server.'],
];
const fileOf = (name) => name.replace('@trivium/', '').replace('/', '-');

/** Modules take the names of their pages; contracts have a reference of their own. */
function rename({ project }) {
  for (const [name, path] of modules) {
    const module = project.children?.find(
      (child) => path === `${child.name}.ts` || path === `${child.name}/index.ts`,
    );
    if (!module) throw new Error(`TypeDoc made no module of ${path}.`);
    module.name = fileOf(name);
    const contracts = module.children?.find((child) => child.name === 'contracts');
    if (contracts) project.removeReflection(contracts);
  }
}

export async function writeApi() {
  const out = join(docs, 'pages/api');
  rmSync(out, { recursive: true, force: true });
  const application = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: modules.map(([, path]) => join(root, path)),
    tsconfig: join(docs, 'tsconfig.api.json'),
    out,
    basePath: root,
    pageTitleTemplates: {
      index: 'API',
      module: ({ name }) => modules.find(([module]) => fileOf(module) === name)?.[0] ?? name,
    },
    readme: 'none',
    name: 'API',
    router: 'module',
    entryFileName: 'index.md',
    modulesFileName: 'modules',
    disableSources: true,
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    hideGroupHeadings: true,
    useCodeBlocks: true,
    expandParameters: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    classPropertiesFormat: 'table',
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    logLevel: 'Warn',
  });
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, rename);
  const project = await application.convert();
  if (!project) throw new Error('TypeDoc could not read the packages: build them first (npm run build).');
  await application.generateOutputs(project);
  if (application.logger.hasErrors()) throw new Error('TypeDoc found errors in the packages, told above.');
  writePage('api/index.md', {
    title: 'API',
    description: 'What each package exports.',
    source: 'the declarations and docstrings of the packages',
    blocks: [
      table(
        ['module', 'what it is for'],
        modules.map(([name, , purpose]) => [`[\`${name}\`](/api/${fileOf(name)})`, purpose]),
      ),
    ],
  });
}
