/**
 * A hub on this machine: the routes of huggingface.co that downloads use, with large files on a second port as the CDN,
 * and faults on purpose. Each request for a file's bytes takes one fault from `faults`.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fault =
  | { kind: 'none' }
  /** The socket dies after so many bytes of the answer. */
  | { kind: 'cut'; afterBytes: number }
  /** The answer ends quietly after so many bytes. */
  | { kind: 'short'; afterBytes: number }
  | { kind: 'long'; extraBytes: number }
  | { kind: 'flip'; atByte: number }
  | { kind: 'ignore-range' }
  | { kind: 'wrong-range' }
  | { kind: 'wrong-length' }
  | { kind: 'wrong-etag' }
  | { kind: 'html' }
  | { kind: 'status'; status: number; retryAfterSeconds?: number; errorCode?: string }
  | { kind: 'refuse' }
  /** Sends so many bytes and then nothing, until the test is over. */
  | { kind: 'hang'; afterBytes: number };

interface RepoFile {
  content: Buffer;
  /** In large storage: SHA-256 and the CDN; else git's hash and the hub itself. */
  large: boolean;
}

const hex = (algorithm: string, ...parts: (string | Buffer)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest('hex');
export const sha256 = (content: Buffer) => hex('sha256', content);
const gitSha1 = (content: Buffer) => hex('sha1', `blob ${content.length}\0`, content);

export interface SeenRequest {
  cdn: boolean;
  url: string;
  range: string | undefined;
  authorization: string | undefined;
}

export class FakeHub {
  readonly faults: Fault[] = [];
  readonly requests: SeenRequest[] = [];
  /** Where set, everything but the listing needs this token. */
  token: string | undefined;
  pageSize = 1000;
  /** The `next` link of a listing, in place of the right one. */
  evilNext: string | undefined;
  /** Where redirects of large files lead, in place of the CDN. */
  evilRedirect: string | undefined;
  readonly #repos = new Map<string, Map<string, Map<string, RepoFile>>>();
  readonly #refs = new Map<string, string>();
  #hub!: Server;
  #cdn!: Server;

  async start(): Promise<this> {
    this.#hub = createServer((request, response) => this.#onHub(request, response));
    this.#cdn = createServer((request, response) => this.#onCdn(request, response));
    for (const server of [this.#hub, this.#cdn])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve)); // Stopped already: an error nobody needs.
    }
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  /** Adds a commit and points `revision` at it. Files of over 1,000 bytes are in large storage. */
  commit(repo: string, files: Record<string, Buffer | string>, revision = 'main'): string {
    const entries = Object.entries(files).map(([path, given]): [string, RepoFile] => {
      const content = Buffer.from(given as string);
      return [path, { content, large: content.length > 1000 }];
    });
    const commit = hex(
      'sha1',
      JSON.stringify(entries.map(([path, { content }]) => [path, sha256(content)])),
      repo,
    );
    const commits = this.#repos.get(repo) ?? new Map();
    this.#repos.set(repo, commits.set(commit, new Map(entries)));
    this.#refs.set(`${repo}@${revision}`, commit);
    return commit;
  }

  /** Bytes that went over the wire for files, by what was asked. */
  fileRequests(): SeenRequest[] {
    return this.requests.filter(({ cdn, url }) => cdn || url.includes('/resolve/'));
  }

  #see(request: IncomingMessage, cdn: boolean): void {
    const { range, authorization } = request.headers;
    this.requests.push({ cdn, url: request.url!, range, authorization });
  }

  #onHub(request: IncomingMessage, response: ServerResponse): void {
    this.#see(request, false);
    const url = new URL(request.url!, this.endpoint);
    const json = (value: unknown, headers = {}) =>
      response
        .writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...headers })
        .end(JSON.stringify(value));
    const missing = (errorCode: string) => response.writeHead(404, { 'x-error-code': errorCode }).end();
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(url.pathname);
    const resolve = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const [repo, revision] = [api?.[1] ?? resolve?.[1], decodeURIComponent(api?.[3] ?? resolve?.[2] ?? '')];
    const commits = this.#repos.get(repo ?? '');
    if (!commits) return void missing('RepoNotFound');
    const commit = commits.has(revision) ? revision : this.#refs.get(`${repo}@${revision}`);
    const files = commits.get(commit ?? '');
    if (!files) return void missing('RevisionNotFound');
    if (api?.[2] === 'revision') return void json({ _id: '1', id: repo, sha: commit, private: false });
    if (api) {
      const at = Number(url.searchParams.get('cursor') ?? 0);
      const all = [...files].map(([path, { content, large }]) => ({
        type: 'file',
        path,
        size: content.length,
        oid: gitSha1(large ? Buffer.from('pointer') : content),
        ...(large && { lfs: { oid: sha256(content), size: content.length, pointerSize: 130 } }),
      }));
      url.searchParams.set('cursor', String(at + this.pageSize));
      const next = this.evilNext ?? (at + this.pageSize < all.length ? url.href : undefined);
      return void json(all.slice(at, at + this.pageSize), next ? { link: `<${next}>; rel="next"` } : {});
    }
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`)
      return void response.writeHead(401, { 'x-error-code': 'GatedRepo' }).end();
    const file = files.get(decodeURIComponent(resolve![3]!));
    if (!file) return void missing('EntryNotFound');
    if (!file.large)
      return void this.#send(request, response, file.content, { etag: `"${gitSha1(file.content)}"` });
    const port = (this.#cdn.address() as AddressInfo).port;
    const wrongTag = this.faults[0]?.kind === 'wrong-etag' && this.faults.shift();
    response
      .writeHead(302, {
        location: this.evilRedirect ?? `http://localhost:${port}/${repo}/${commit}/${resolve![3]}`,
        'x-linked-etag': `"${wrongTag ? '0'.repeat(64) : sha256(file.content)}"`,
        'x-linked-size': file.content.length,
      })
      .end();
  }

  #onCdn(request: IncomingMessage, response: ServerResponse): void {
    this.#see(request, true);
    const [, org, name, commit, ...path] = request.url!.split('/');
    const file = this.#repos
      .get(`${org}/${name}`)
      ?.get(commit!)
      ?.get(decodeURIComponent(path.join('/')));
    // The tag of a storage is its own matter, and looks like no checksum we know.
    if (file) this.#send(request, response, file.content, { etag: '"storage-tag"' });
    else response.writeHead(404).end();
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    whole: Buffer,
    headers: Record<string, string>,
  ): void {
    const fault = this.faults.shift() ?? { kind: 'none' };
    if (fault.kind === 'refuse') return void request.socket.destroy();
    if (fault.kind === 'html')
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>');
    if (fault.kind === 'status') {
      const { status, retryAfterSeconds, errorCode } = fault;
      const extra = {
        ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
        ...(errorCode && { 'x-error-code': errorCode }),
      };
      return void response.writeHead(status, extra).end();
    }
    const asked =
      fault.kind === 'ignore-range' ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const from = asked ? Number(asked[1]) : 0;
    if (from >= whole.length && asked) return void response.writeHead(416).end();
    let body = whole.subarray(from);
    const shift = fault.kind === 'wrong-range' ? 7 : 0;
    const range = { 'content-range': `bytes ${from + shift}-${whole.length - 1}/${whole.length}` };
    if (fault.kind === 'flip') {
      body = Buffer.from(body);
      const at = fault.atByte % body.length;
      body[at] = body[at]! ^ 0xff;
    }
    if (fault.kind === 'long') body = Buffer.concat([body, Buffer.alloc(fault.extraBytes, 1)]);
    const length = fault.kind === 'wrong-length' ? body.length + 5 : body.length;
    const untold = fault.kind === 'short' || fault.kind === 'long';
    response.writeHead(asked ? 206 : 200, {
      ...headers,
      'content-type': 'application/octet-stream',
      ...(asked && range),
      ...(!untold && { 'content-length': length }),
    });
    if (fault.kind === 'cut') {
      const part = body.subarray(0, fault.afterBytes);
      response.flushHeaders();
      if (part.length === 0) request.socket.destroy();
      // A moment later, so that what was written is what arrives.
      else response.write(part, () => setTimeout(() => request.socket.destroy(), 2));
    } else if (fault.kind === 'hang') response.write(body.subarray(0, fault.afterBytes));
    else if (fault.kind === 'short') response.end(body.subarray(0, fault.afterBytes));
    else response.end(body);
  }
}
