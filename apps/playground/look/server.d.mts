/** The address, the folder that is served, and how it is ended. */
export declare function startServer(settings?: {
  flags?: string[];
  env?: Record<string, string>;
}): Promise<{ url: string; root: string; stop: () => Promise<void> }>;
