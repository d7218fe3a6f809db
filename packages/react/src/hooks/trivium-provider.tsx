/** Which server the hooks below it talk to. */
import type { Endpoint } from '@trivium/protocol';
import { createContext, type ReactNode, useContext, useEffect, useInsertionEffect, useState } from 'react';
import { createEndpointHandle } from '../stores/endpoint-handle.js';

/** Without a provider: the page's own origin. */
const EndpointContext = createContext<Endpoint>({ baseUrl: '' });

export interface TriviumProviderProps {
  /**
   * Base URL, headers and `fetch` of the server. May be a new object in every render: calls, jobs and answers stay with the server
   * that they began on, and send the headers that were given last for it. Documents that were sent are to be added again.
   */
  endpoint: Endpoint;
  children?: ReactNode;
}

/**
 * @example
 * <TriviumProvider endpoint={{ baseUrl: 'http://127.0.0.1:7474' }}>
 *   <App />
 * </TriviumProvider>
 */
export function TriviumProvider({ endpoint, children }: TriviumProviderProps) {
  const [handle] = useState(() => createEndpointHandle(endpoint));
  // Before any other effect of this commit, so that a call made in one uses the new endpoint; silent on a server.
  useInsertionEffect(() => handle.become(endpoint), [handle, endpoint]);
  // Stores that show what is on a server hear of another one where they may tell of it.
  useEffect(() => handle.announce(), [handle, endpoint]);
  return <EndpointContext.Provider value={handle}>{children}</EndpointContext.Provider>;
}

/** The server of the nearest `TriviumProvider`, for requests of one's own. */
export const useEndpoint = (): Endpoint => useContext(EndpointContext);
