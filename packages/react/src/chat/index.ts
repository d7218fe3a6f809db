'use client';

/** Chat over a Trivium server with `@ai-sdk/react`, which is a peer that only this subpath needs. */
export { type ChatTransport, type ChatTransportSettings, createChatTransport } from './chat-transport.js';
export { type TriviumUIMessage, type UseTriviumChatOptions, useChat } from './use-chat.js';
