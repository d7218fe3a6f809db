import { useSyncExternalStore } from 'react';
import type { ServerSnapshot, ServerStore } from './server-store.js';

export const useServer = ({ subscribe, getSnapshot }: ServerStore): ServerSnapshot =>
  useSyncExternalStore(subscribe, getSnapshot);
