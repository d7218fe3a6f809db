/** What callers of a surface may have done: effects of capabilities against what was allowed. */
import type { AnyCapability } from '@trivium/protocol';

export interface Permissions {
  /** Leave out capabilities that write; wins over the permissions below. */
  readOnly?: boolean | undefined;
  /** Keep capabilities that talk to other machines, and let models be `hf:` references. */
  allowNetwork?: boolean | undefined;
  /** Keep capabilities that remove or overwrite. */
  allowDestructive?: boolean | undefined;
}

/** Without a word about it, nothing that downloads and nothing that destroys. */
export function isAllowed({ effects }: Pick<AnyCapability, 'effects'>, permissions: Permissions): boolean {
  return (
    !(effects.writes && permissions.readOnly) &&
    (!effects.network || permissions.allowNetwork === true) &&
    (!effects.destructive || permissions.allowDestructive === true)
  );
}

/** A download writes into the cache, so that a surface that writes nothing makes none. */
export const mayUseHub = ({ allowNetwork, readOnly }: Permissions): boolean =>
  allowNetwork === true && readOnly !== true;
