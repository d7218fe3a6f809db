/** Blocks of content as they travel. Binary data is base64. */

export type EmbeddedContents = { uri: string; mimeType?: string } & ({ text: string } | { blob: string });

export type ContentBlock =
  | { type: 'text'; text: string }
  | { type: 'image'; data: string; mimeType: string }
  | { type: 'audio'; data: string; mimeType: string }
  | { type: 'resource'; resource: EmbeddedContents }
  | {
      type: 'resource_link';
      uri: string;
      name: string;
      title?: string;
      description?: string;
      mimeType?: string;
    };

export const textBlock = (text: string): ContentBlock => ({ type: 'text', text });
