/** What this machine lacks, one sentence a tool, with the command that installs it. */
import { execFileSync } from 'node:child_process';
import { getEngineStatus } from '@trivium/sdk';

interface Finding {
  name: string;
  ok: boolean;
  says: string;
}

function tool(name: string, remedy: string): Finding {
  try {
    const [line = ''] = execFileSync(name, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split('\n');
    return { name, ok: true, says: line };
  } catch {
    return { name, ok: false, says: `${name} is missing (only needed to build from source): ${remedy}` };
  }
}

export function doctor(): { text: string; ok: boolean } {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const engine = getEngineStatus();
  const findings: Finding[] = [
    {
      name: 'node',
      ok: major > 20 || (major === 20 && minor >= 19),
      says: `Node ${process.versions.node}; Trivium needs 20.19 or later`,
    },
    { name: 'engine', ok: engine.ok, says: engine.says },
    tool('c++', 'apt install g++ (Debian, Ubuntu), xcode-select --install (macOS)'),
    tool('make', 'apt install make (Debian, Ubuntu), xcode-select --install (macOS)'),
    tool('cmake', 'apt install cmake (Debian, Ubuntu), brew install cmake (macOS)'),
  ];
  return {
    ok: findings.slice(0, 2).every(({ ok }) => ok),
    text: findings.map(({ name, ok, says }) => `${ok ? 'ok     ' : 'missing'} ${name}: ${says}`).join('\n'),
  };
}
