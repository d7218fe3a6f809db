/** Whether the engine can be loaded here, in one sentence. */
import { getEngine } from '@trivium/native';
import { TriviumError } from '@trivium/protocol';

export function getEngineStatus(): { ok: boolean; says: string } {
  try {
    const { name, threads } = getEngine().backend;
    return { ok: true, says: `${name}, ${threads} threads` };
  } catch (error) {
    const { message, remedy } = TriviumError.from(error);
    return { ok: false, says: [message, remedy].filter(Boolean).join(' ') };
  }
}
