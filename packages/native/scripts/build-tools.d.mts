export type BuildTool = { name: string } & (
  | { found: string; fault?: undefined }
  | { fault: string; found?: undefined }
);
export function buildTools(): BuildTool[];
