import { TriviumProvider } from '@trivium/react';
import { Chat } from './chat';

export default function Page() {
  return (
    <TriviumProvider endpoint={{ baseUrl: '/ai' }}>
      <Chat />
    </TriviumProvider>
  );
}
