/** What a Trivium server offers over one folder: capabilities as tools, jobs, documents as resources, prompts. */
import { ServedFolder, type TriviumPlugin } from '@trivium/sdk';
import { type CapabilityTool, folderTools, type ToolSettings } from './capability-tools.js';
import { citationLinks } from './documents/citation-links.js';
import { documentPrompts } from './documents/document-prompts.js';
import { documentResources } from './documents/document-resources.js';
import { jobResources } from './job-resources.js';
import { linkToJob, withJobs } from './job-tools.js';
import { joinSources } from './surface/join-sources.js';
import type { McpSurface } from './surface/surface.js';

const instructions =
  'Reads, searches, summarizes and answers from the documents in one folder, locally and with citations. ' +
  'Use documents_ask for a question, documents_search for passages, documents_summarize for an overview. ' +
  'Paths are relative to the folder; leave them out for all of it. ' +
  'What takes minutes can be started with jobs_start and followed with jobs_show. ' +
  'Not for the web, for code to be run, or for files elsewhere on the machine.';

export interface SurfaceSettings extends Omit<ToolSettings, 'linksOf'> {
  version: string;
  limits?: McpSurface['limits'];
}

/**
 * @param plugins also `documents`, `models` and `jobs`, where they are wanted
 * @throws TriviumError `invalid-argument` where two tools would have one name
 * @example
 * await using host = new Host({ documentsWithin: root, jobScope: root });
 * const surface = triviumSurface([documents, jobs], { host, root, version: '1.0.0' });
 */
export function triviumSurface(
  plugins: readonly TriviumPlugin[],
  { version, limits, ...settings }: SurfaceSettings,
): McpSurface {
  const folder = new ServedFolder({ ...settings, plugins });
  const tools = folderTools(folder, {
    ...settings,
    linksOf: (structured) => [...citationLinks(structured), ...linksOfJob(structured)],
  });
  const files = documentResources({ root: settings.root });
  const jobsShow = tools.find(isJobsShow);
  const resources = jobsShow ? joinSources(files, jobResources(jobsShow)) : files;
  const hasDocuments = plugins.some(({ name }) => name === 'documents');
  return {
    name: 'trivium',
    version,
    instructions,
    tools: jobsShow ? withJobs(tools, folder) : tools,
    resources,
    ...(hasDocuments && {
      prompts: documentPrompts(async (...typed) => (await files.complete?.(...typed)) ?? []),
    }),
    ...(limits && { limits }),
  };
}

const isJobsShow = ({ implementation }: CapabilityTool) => implementation.capability.name === 'jobs-show';

/** Answers about one job name it: it has an id, a capability and a state. */
const linksOfJob = (structured: Record<string, unknown>) =>
  'status' in structured && 'createdAt' in structured ? linkToJob(structured) : [];
