/** Where the hub is, who asks, and where files go: settings first, then the environment. Opens nothing. */
import { join } from 'node:path';
import querystring from 'node:querystring';
import { TriviumError } from '@trivium/protocol';
import { defaultCacheFolder } from '../../base/cache-folder.js';
import { homeFolder } from '../../base/home-folder.js';

export interface HubSettings {
  /** Address of the hub, with `user:password@` where it wants those; default: `HF_ENDPOINT`, else https://huggingface.co. */
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
  /** Without what is secret. */
  endpoint: string;
  /**
   * The header that says who asks. Made when it is sent: caches work with any token.
   * @throws TriviumError `invalid-argument` where the token is none
   */
  authorization: () => string | undefined;
  offline: boolean;
  /** What ruled the network out, in the words of whoever set it. */
  offlineBecause: string;
  modelsFolder: string;
  huggingFaceFolder: string;
}

const isSet = (value: string | undefined) => value !== undefined && !/^(|0|false|no|off)$/i.test(value);

/** @param cacheFolder of ours, in which there is none: of a user without a home nobody knows where it would be */
function huggingFaceCacheFolder(cacheFolder: string): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = homeFolder();
  const caches = XDG_CACHE_HOME || (home === undefined ? cacheFolder : join(home, '.cache'));
  return HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || join(HF_HOME || join(caches, 'huggingface'), 'hub');
}

/** @throws TriviumError `invalid-argument` when the endpoint is no http address, `io` as `defaultCacheFolder` */
export function resolveHubSettings(settings: HubSettings = {}): ResolvedHubSettings {
  const { HF_HUB_OFFLINE, TRIVIUM_OFFLINE } = process.env;
  const byVariable = isSet(TRIVIUM_OFFLINE)
    ? 'TRIVIUM_OFFLINE'
    : isSet(HF_HUB_OFFLINE)
      ? 'HF_HUB_OFFLINE'
      : undefined;
  const cacheFolder = settings.cacheDir ?? defaultCacheFolder();
  return {
    ...callerOf(settings),
    offline: settings.offline ?? byVariable !== undefined,
    offlineBecause: settings.offline ? 'it was told to stay offline' : `${byVariable} is set`,
    modelsFolder: join(cacheFolder, 'models'),
    huggingFaceFolder: settings.huggingFaceCacheDir ?? huggingFaceCacheFolder(cacheFolder),
  };
}

/** The user of the address goes before the token, as in Hugging Face's own tools. Errors say neither of them. */
function callerOf(settings: HubSettings): Pick<ResolvedHubSettings, 'endpoint' | 'authorization'> {
  const { HF_ENDPOINT } = process.env;
  const address = settings.endpoint ?? (HF_ENDPOINT || 'https://huggingface.co');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    const found = address.slice(address.lastIndexOf('@') + 1);
    throw new TriviumError('invalid-argument', `The hub's endpoint "${found}" is no http address.`, {
      field: settings.endpoint === undefined ? 'HF_ENDPOINT' : 'endpoint',
      expected: 'an address such as https://huggingface.co',
      found,
      remedy: 'Correct it or leave it out.',
    });
  }
  const user =
    url.username || url.password ? querystring.unescape(`${url.username}:${url.password}`) : undefined;
  [url.username, url.password] = ['', ''];
  return {
    endpoint: url.href.replace(/\/+$/, ''),
    authorization: () => (user ? `Basic ${Buffer.from(user).toString('base64')}` : bearerOf(settings)),
  };
}

/** @throws TriviumError `invalid-argument` for what cannot be a token */
function bearerOf(settings: HubSettings): string | undefined {
  const token = (settings.token ?? process.env.HF_TOKEN)?.trim() || undefined;
  if (token && !/^[!-~]+$/.test(token)) {
    throw new TriviumError('invalid-argument', 'The token for the hub holds what no token can.', {
      field: settings.token === undefined ? 'HF_TOKEN' : 'token',
      expected: 'letters, digits and signs of ASCII, without blanks or line ends',
      remedy: 'Copy it anew from the settings of the account.',
    });
  }
  return token && `Bearer ${token}`;
}
