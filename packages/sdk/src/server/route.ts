/**
 * A route as data: what it takes, what it answers and what runs. The table of routes is mounted on the router and written
 * into the OpenAPI document, so that neither is kept beside the other. Refuses to know: HTTP servers, models.
 */
import type { TriviumError } from '@trivium/protocol';
import type { z } from 'zod';

/** One way a route answers. */
export interface Answer {
  description: string;
  /** The body, `application/json`. */
  json?: z.ZodType;
  /** The data of each server-sent event; `[DONE]` at the end is not part of it. */
  events?: z.ZodType;
  /** The media type of a body of text. */
  text?: string;
}

/** A request that has passed the gate, its parts checked. */
export interface RouteCall<Body = unknown, Query = unknown, Params = unknown> {
  readonly request: Request;
  readonly requestId: string;
  readonly body: Body;
  /** The body of a route that takes bytes; empty for others. */
  readonly bytes: Uint8Array;
  readonly query: Query;
  readonly params: Params;
  /** Aborts when the client has gone or the server closes. */
  readonly signal: AbortSignal;
  /** What the client is told of something thrown once its answer has begun; the log of requests has it too. */
  failure(thrown: unknown): TriviumError;
  /**
   * Waits for one of the places of `maxConcurrent`, as `isWork` does before the call; it has it until it ends. `onWaiting` as of
   * `Admission`; `signal` ends the waiting, by default that of the call.
   */
  enter(onWaiting?: () => void, signal?: AbortSignal): Promise<void>;
  /** Aborts the signal: nobody reads the answer any more. */
  leave(): void;
  /** The call goes on until this settles, though its answer has begun: it keeps its place among those that run. */
  until(work: PromiseLike<unknown>): void;
}

export interface Route<Body extends z.ZodType, Query extends z.ZodType, Params extends z.ZodType> {
  method: 'get' | 'post' | 'put' | 'delete';
  /** As OpenAPI writes it, `/v1/jobs/{id}`. */
  path: `/${string}`;
  /** Its parameters take slashes too, as ids of models have them. */
  takesSlashes?: boolean;
  /** The operation's name in clients that are generated from the document. */
  id: string;
  tag: 'OpenAI' | 'Capabilities' | 'Jobs' | 'Chat' | 'Scratch' | 'Server';
  summary: string;
  description?: string;
  /** JSON. */
  body?: Body;
  /** Takes bytes in place of JSON: any, as `application/octet-stream`. */
  takesBytes?: boolean;
  query?: Query;
  params?: Params;
  /** By status; what the gate answers (400, 401, 403, 413, 429, 5xx) is added by itself. */
  answers: Record<number, Answer>;
  /** Asks for no key. */
  isOpen?: boolean;
  /** Takes one of the places of `maxConcurrent`: whatever makes a model or a disk work. */
  isWork?: boolean;
  handle(call: RouteCall<z.output<Body>, z.output<Query>, z.output<Params>>): Response | Promise<Response>;
}

// biome-ignore lint/suspicious/noExplicitAny: routes of all schemas in one table
export type AnyRoute = Route<any, any, any>;

/** Infers the types of a route from its schemas. */
export function route<
  Body extends z.ZodType = z.ZodUnknown,
  Query extends z.ZodType = z.ZodUnknown,
  Params extends z.ZodType = z.ZodUnknown,
>(definition: Route<Body, Query, Params>): AnyRoute {
  return definition;
}

/** Errors that a route answers beside its own, by status. */
export const failureAnswers: Record<number, string> = {
  400: 'The request is not what the schema says, or asks for something that is not supported.',
  401: 'A key is needed, and none that is known was given.',
  403: 'The host, the origin or the path is not allowed.',
  404: 'There is no such model, job or capability.',
  413: 'The body is larger than is taken.',
  429: 'Too many requests wait already; `retry-after` says when to try again.',
  499: 'The call was cancelled.',
  500: 'The server failed.',
  502: 'A machine behind the server did not answer.',
  503: 'The server is closing, or has no memory for the model.',
};
