/** What a model says of settings that it does not follow, as sentences. */

interface Warning {
  type: string;
  message?: string;
  feature?: string;
  setting?: string;
  details?: string;
}

export function warningSentences(warnings: unknown): string[] {
  return ((warnings ?? []) as Warning[]).map(
    ({ type, message, feature, setting, details }) =>
      message ?? [`${feature ?? setting ?? type} is not fully supported.`, details].filter(Boolean).join(' '),
  );
}
