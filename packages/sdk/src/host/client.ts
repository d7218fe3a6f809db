/** The function surface: plugins become methods, `trivium.use(plugin).search({ … })`, with progress and cancel on the call. */
import {
  type AnyCapability,
  type CapabilityCall,
  call,
  type InputOf,
  type InvokeOptions,
  type Plugin,
} from '@trivium/protocol';
import { Host, type HostSettings } from './host.js';

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type MethodOf<I> = I extends { capability: infer C extends AnyCapability }
  ? (input: InputOf<C>, options?: InvokeOptions<C>) => CapabilityCall<C>
  : never;

/** The methods of a plugin's capabilities, by their camelCase names. */
export type MethodsOf<P> = P extends {
  capabilities: infer Capabilities extends readonly { capability: AnyCapability }[];
}
  ? { [I in Capabilities[number] as CamelCase<I['capability']['name']>]: MethodOf<I> }
  : never;

/** A plugin whose implementations run on a {@link Host}. */
export type TriviumPlugin = Plugin;

export const camelCase = (name: string) =>
  name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

export interface TriviumClient extends AsyncDisposable {
  readonly host: Host;
  /** A plugin's capabilities as methods. */
  use<P extends TriviumPlugin>(plugin: P): MethodsOf<P>;
}

/**
 * @example
 * await using client = createClient();
 * const { hits } = await client.use(documents).search({ paths: ['./docs'], query: 'retry' });
 */
export function createClient(settings: HostSettings = {}): TriviumClient {
  const host = new Host(settings);
  return {
    host,
    use(plugin) {
      const methods = plugin.capabilities.map((implementation) => [
        camelCase(implementation.capability.name),
        (input: unknown, options?: InvokeOptions<AnyCapability>) =>
          call(implementation, input as never, (signal) => host.context(signal), options),
      ]);
      return Object.fromEntries(methods);
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}
