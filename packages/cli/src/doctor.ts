/** What this machine lacks, one sentence a tool, with the command that installs it: what the build says, and the engine. */
import { getEngineStatus } from '@trivium/sdk';
import { type BuildTool, buildTools } from '../../native/scripts/build-tools.mjs';

export const doctorHelp = `trivium doctor

Says what runs here and what is missing, with the command that installs it. CMake, make and a C++20 compiler (CXX, or else
c++) are needed only where the engine is built from source: without them alone it still exits with 0.

Examples:
  trivium doctor`;

interface Finding {
  name: string;
  ok: boolean;
  says: string;
  /** Trivium runs without it. */
  isOptional?: boolean;
}

/** @returns `ok`: nothing is missing that Trivium needs to run */
export function doctor(
  tools: readonly BuildTool[] = buildTools(),
  engine: { ok: boolean; says: string } = getEngineStatus(),
): { text: string; ok: boolean } {
  const findings: Finding[] = tools.map(({ name, found, fault }) => ({
    name,
    ok: fault === undefined,
    says: fault ?? found,
    isOptional: name !== 'node',
  }));
  findings.splice(1, 0, { name: 'engine', ...engine });
  return {
    ok: findings.every(({ ok, isOptional }) => ok || isOptional),
    text: findings.map(lineOf).join('\n'),
  };
}

function lineOf({ name, ok, says, isOptional }: Finding): string {
  const why = !ok && isOptional ? ' (only needed to build from source)' : '';
  return `${ok ? 'ok     ' : 'missing'} ${name}: ${says}${why}`;
}
