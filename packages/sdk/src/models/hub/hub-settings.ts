/** Where the hub is, who asks, and where files go: settings first, then the environment. Opens nothing. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TriviumError } from '@trivium/protocol';
import { defaultCacheFolder } from '../../documents/index-cache.js';

export interface HubSettings {
  /** Address of the hub; default: `HF_ENDPOINT`, else https://huggingface.co. */
  endpoint?: string;
  /** For private and gated repositories; default: `HF_TOKEN`. It is sent to the endpoint's own host alone. */
  token?: string;
  /** Never use the network; default: `TRIVIUM_OFFLINE` or `HF_HUB_OFFLINE`. */
  offline?: boolean;
  /** Cache of Trivium; models lie below it in `models`. Default: `TRIVIUM_CACHE_DIR`, else the user's cache folder. */
  cacheDir?: string;
  /** The cache of Hugging Face's own tools, read and never written; default: `HF_HUB_CACHE`, `HF_HOME`, else its place. */
  huggingFaceCacheDir?: string;
}

export interface ResolvedHubSettings {
  endpoint: string;
  token: string | undefined;
  offline: boolean;
  /** What ruled the network out, in the words of whoever set it. */
  offlineBecause: string;
  modelsFolder: string;
  huggingFaceFolder: string;
}

const isSet = (value: string | undefined) => value !== undefined && !/^(|0|false|no|off)$/i.test(value);

function huggingFaceCacheFolder(): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  return HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || join(home, 'hub');
}

/** @throws TriviumError `invalid-argument` when the endpoint is no http address */
export function resolveHubSettings(settings: HubSettings = {}): ResolvedHubSettings {
  const { HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, TRIVIUM_OFFLINE } = process.env;
  const endpoint = (settings.endpoint ?? (HF_ENDPOINT || 'https://huggingface.co')).replace(/\/+$/, '');
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw new TriviumError('invalid-argument', `The hub's endpoint "${endpoint}" is no http address.`, {
      field: settings.endpoint === undefined ? 'HF_ENDPOINT' : 'endpoint',
      expected: 'an address such as https://huggingface.co',
      found: endpoint,
      remedy: 'Correct it or leave it out.',
    });
  }
  const byVariable = isSet(TRIVIUM_OFFLINE)
    ? 'TRIVIUM_OFFLINE'
    : isSet(HF_HUB_OFFLINE)
      ? 'HF_HUB_OFFLINE'
      : undefined;
  return {
    endpoint,
    token: settings.token ?? (HF_TOKEN?.trim() || undefined),
    offline: settings.offline ?? byVariable !== undefined,
    offlineBecause: settings.offline ? 'it was told to stay offline' : `${byVariable} is set`,
    modelsFolder: join(settings.cacheDir ?? defaultCacheFolder(), 'models'),
    huggingFaceFolder: settings.huggingFaceCacheDir ?? huggingFaceCacheFolder(),
  };
}
