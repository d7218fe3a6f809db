/** Where the server of this page is, and the key that it asks for. The key lives as long as the tab. */
import { useCallback, useState } from 'react';

/** The page lies at BASE/playground/, whatever BASE is. */
export const baseUrl = location.pathname.replace(/\/playground(\/.*)?$/, '');

const name = 'trivium:playground:key';

function stored(): string {
  try {
    return sessionStorage.getItem(name) ?? '';
  } catch {
    return '';
  }
}

export function useApiKey(): [string, (key: string) => void] {
  const [key, setKey] = useState(stored);
  const save = useCallback((next: string) => {
    setKey(next);
    try {
      sessionStorage.setItem(name, next);
    } catch {
      // A browser that keeps nothing asks again after a reload.
    }
  }, []);
  return [key, save];
}
