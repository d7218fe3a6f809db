/** What the server holds and does, live: memory, tokens, speed. Figures are the server's own but the time to the first token. */
import type { ServerSnapshot } from '../server/server-store.js';
import { bytes, count, duration, rate } from './numbers.js';

export function MeterBar({ server }: { server: ServerSnapshot }) {
  const { figures, firstFigures, rates, lastRate, firstTokenMs, isBusy, status } = server;
  const since = (kind: 'inputTokens' | 'outputTokens') =>
    figures && firstFigures ? count(figures[kind] - firstFigures[kind]) : '–';
  const speed = isBusy ? (rates.at(-1) ?? 0) : lastRate;
  return (
    <footer className="meters">
      <p className="state" data-status={status}>
        {
          { connecting: 'Connecting', ready: isBusy ? 'Working' : 'Ready', locked: 'Locked', gone: 'Gone' }[
            status
          ]
        }
      </p>
      <dl>
        <Meter name="Tokens in" value={since('inputTokens')} />
        <Meter name="Tokens out" value={since('outputTokens')} />
        <Meter name="Speed" value={speed === undefined ? '–' : rate(speed)} unit="tokens/s">
          <Sparkline rates={rates} />
        </Meter>
        <Meter name="First token" value={firstTokenMs === undefined ? '–' : duration(firstTokenMs)} />
        <Meter name="Memory" value={figures ? bytes(figures.residentBytes) : '–'} />
        <Meter
          name="KV cache"
          value={figures ? bytes(figures.kvUsedBytes) : '–'}
          {...(figures && { unit: `of ${bytes(figures.kvBytes)}` })}
        />
      </dl>
    </footer>
  );
}

interface MeterProps {
  name: string;
  value: string;
  unit?: string;
  children?: React.ReactNode;
}

function Meter({ name, value, unit, children }: MeterProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value} {unit && <small>{unit}</small>}
        {children}
      </dd>
    </div>
  );
}

const [width, height] = [60, 14];

function Sparkline({ rates }: { rates: readonly number[] }) {
  const most = Math.max(1, ...rates);
  const points = rates.map((one, index) => `${index},${height - (one / most) * height}`).join(' ');
  return (
    <svg aria-hidden="true" width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
      <polyline points={points} fill="none" stroke="currentColor" />
    </svg>
  );
}
