import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

declare global {
  var IS_REACT_ACT_ENVIRONMENT: boolean;
}

// Streams come when they come, outside of `act`; tests wait for what they expect instead.
globalThis.IS_REACT_ACT_ENVIRONMENT = false;
// A busy machine takes its time; a test that waits in vain ends all the same.
configure({ asyncUtilTimeout: 15_000 });
afterEach(cleanup);
