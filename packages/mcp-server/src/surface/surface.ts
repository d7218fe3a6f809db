/**
 * What a server offers, in the words of the protocol and in those of no SDK: tools, resources, prompts, instructions. Both
 * SDK lines bind the same object. Whoever makes one knows nothing of transports, sessions or revisions of the protocol.
 */
import type { ContentBlock, EmbeddedContents } from './content.js';

export type JsonSchema = {
  type: 'object';
  properties?: Record<string, object>;
  required?: string[];
  [key: string]: unknown;
};

export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical' | 'alert' | 'emergency';

/** How far a call is. `done` may stand still, a client sees it grow. */
export interface Progress {
  done: number;
  total?: number;
  message?: string;
}

/** What a tool wants from whoever called it, before it can answer: words of the client's model, or of its user. */
export type Question =
  | {
      kind: 'sample';
      messages: { role: 'user' | 'assistant'; content: ContentBlock }[];
      maxTokens: number;
      systemPrompt?: string;
    }
  | {
      kind: 'elicit';
      /** Shown to the user. */
      text: string;
      /** A flat object schema: strings, numbers, booleans, enums. */
      schema: JsonSchema;
    };

export interface ToolContext {
  signal: AbortSignal;
  /** The same for all that one caller asks for; absent where callers are not told apart. */
  caller?: string | undefined;
  /** Absent where the client did not ask for progress. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** A line for the client's log, where it wants lines of this level. */
  log?: ((level: LogLevel, data: unknown, logger?: string) => void) | undefined;
  /** Answers to the questions that this call has asked, by their keys, as the client gave them: they are unchecked. */
  answers?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the client can be asked. */
  canAsk?: Readonly<Record<Question['kind'], boolean>> | undefined;
  /** Ends the stream of this call, so that the client comes back for its answer; where the transport can. */
  closeStream?: (() => void) | undefined;
}

export interface ToolAnswer {
  content: ContentBlock[];
  /** Fits the tool's output schema. */
  structured?: Record<string, unknown>;
  isError: boolean;
}

/** A tool that asks is called again, with the answers, and asks no key twice. */
export interface ToolQuestions {
  questions: Readonly<Record<string, Question>>;
}

export type ToolResult = ToolAnswer | ToolQuestions;

export interface Tool {
  name: string;
  title?: string;
  description: string;
  inputSchema: JsonSchema;
  outputSchema?: JsonSchema;
  annotations?: {
    title?: string;
    readOnlyHint?: boolean;
    destructiveHint?: boolean;
    idempotentHint?: boolean;
    openWorldHint?: boolean;
  };
  run(input: Record<string, unknown>, context: ToolContext): Promise<ToolResult>;
}

export interface ResourceEntry {
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  /** Bytes. */
  size?: number;
}

export interface ResourceTemplate {
  uriTemplate: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
}

/** A space of URIs. What it throws is a `TriviumError`. */
export interface ResourceSource {
  templates: readonly ResourceTemplate[];
  /** Whether a URI is one of this source's; says nothing of whether there is something behind it. */
  owns(uri: string): boolean;
  /** One page; a cursor comes from a page before. @throws `invalid-argument` for a cursor that does not */
  list(cursor?: string): Promise<{ resources: ResourceEntry[]; nextCursor?: string }>;
  /** @param caller as that of a `ToolContext` */
  read(uri: string, signal: AbortSignal, caller?: string): Promise<EmbeddedContents[]>;
  /** Values for a variable of a template that begin with what is typed, best first. */
  complete?(template: string, variable: string, typed: string): Promise<string[]>;
  /** Calls back when what is behind the URI changes, until the function that it answers is called. */
  watch?(uri: string, changed: () => void): Promise<() => void>;
}

export interface PromptArgument {
  name: string;
  description?: string;
  required?: boolean;
}

export interface PromptMessage {
  role: 'user' | 'assistant';
  content: ContentBlock;
}

export interface Prompt {
  name: string;
  title?: string;
  description: string;
  arguments?: readonly PromptArgument[];
  get(given: Readonly<Record<string, string>>): Promise<PromptMessage[]>;
  complete?(argument: string, typed: string): Promise<string[]>;
}

export interface McpSurface {
  name: string;
  version: string;
  /** When to use the server and when not, for the model behind the client. */
  instructions?: string;
  tools: readonly Tool[];
  resources?: ResourceSource;
  prompts?: readonly Prompt[];
  /** Whether tools write to the client's log. */
  logging?: boolean;
  /** What one answer may weigh; see `capAnswer`. */
  limits?: { outputBytes?: number; textCharacters?: number };
}
