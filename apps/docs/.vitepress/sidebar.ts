/** The contents of the site: one group a kind of page. A new surface adds its pages here and nowhere else. */
import type { DefaultTheme } from 'vitepress';

const page = (text: string, link: string): DefaultTheme.SidebarItem => ({ text, link });

export const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: 'Learn',
    items: [
      page('Quick start', '/quick-start'),
      page('Tutorial: long text', '/tutorials/long-text'),
      page('Tutorial: plugins', '/tutorials/plugins'),
    ],
  },
  {
    text: 'How to',
    items: [
      page('Use local models', '/how-to/local-models'),
      page('Use the AI SDK', '/how-to/ai-sdk'),
      page('Put MCP into an agent', '/how-to/mcp'),
      page('Serve over HTTP', '/how-to/server'),
      page('Try it in the playground', '/how-to/playground'),
      page('Build a page with React', '/how-to/react'),
      page('Command line and jobs', '/how-to/command-line'),
      page('Workers, bundlers, Next, Electron', '/how-to/workers-electron-next'),
      page('Work offline', '/how-to/offline'),
      page('Test without a model', '/how-to/testing'),
      page('Come from node-llama-cpp', '/how-to/from-node-llama-cpp'),
      page('Come from ollama', '/how-to/from-ollama'),
    ],
  },
  {
    text: 'Understand',
    items: [
      page('The engine', '/explanation/engine'),
      page('Laws of the engine', '/explanation/laws'),
      page('Capabilities and surfaces', '/explanation/surfaces'),
      page('How answers are found', '/explanation/answers'),
      page('Limits', '/explanation/limits'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('Capabilities', '/reference/capabilities'),
      page('Command line', '/reference/command-line'),
      page('MCP tools', '/reference/mcp-tools'),
      page('Error codes', '/reference/errors'),
      page('Benchmarks', '/reference/benchmarks'),
    ],
  },
  {
    text: 'API',
    items: [
      page('Modules', '/api/'),
      page('sdk', '/api/sdk'),
      page('sdk/provider', '/api/sdk-provider'),
      page('sdk/documents', '/api/sdk-documents'),
      page('sdk/long-text', '/api/sdk-long-text'),
      page('sdk/server', '/api/sdk-server'),
      page('sdk/testing', '/api/sdk-testing'),
      page('protocol', '/api/protocol'),
      page('native', '/api/native'),
      page('mcp-server', '/api/mcp-server'),
      page('mcp-server/client', '/api/mcp-server-client'),
      page('react', '/api/react'),
    ],
  },
];
