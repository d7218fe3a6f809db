/** What a server says of itself when a client comes, from what its surface has. */
import type { McpSurface } from './surface.js';

export function capabilitiesOf({ resources, prompts, logging }: McpSurface) {
  return {
    tools: {},
    ...(resources && { resources: resources.watch ? { subscribe: true } : {} }),
    ...(prompts && { prompts: {} }),
    ...((resources || prompts) && { completions: {} }),
    ...(logging && { logging: {} }),
  };
}
