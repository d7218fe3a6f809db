/** What went wrong, or should be known, and what can be done about it. */
import type { TriviumError } from '@trivium/protocol';
import type { ReactNode } from 'react';

interface NoticeProps {
  kind?: 'fault' | 'note';
  title: string;
  remedy?: string | undefined;
  code?: string | undefined;
  children?: ReactNode;
}

export function Notice({ kind = 'fault', title, remedy, code, children }: NoticeProps) {
  return (
    <div className="notice" data-kind={kind} role={kind === 'fault' ? 'alert' : 'status'}>
      <p>
        <strong>{title}</strong> {code && <code>{code}</code>}
      </p>
      {remedy && <p>{remedy}</p>}
      {children}
    </div>
  );
}

export const ErrorNotice = ({ error }: { error: TriviumError | undefined }) =>
  error ? <Notice title={error.message} remedy={error.remedy} code={error.code} /> : null;
