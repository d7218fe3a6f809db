/** Implementations of capabilities whose work tells how it goes by callback. */
import {
  type AnyCapability,
  type Implementation,
  implement,
  type OutputOf,
  type ParsedInputOf,
  type ProgressOf,
} from '@trivium/protocol';
import type { TriviumContext } from './host.js';
import { reporting } from './progress.js';

export interface ReportingContext<C extends AnyCapability> extends TriviumContext {
  /** Aborts too when nobody reads what is reported any more. */
  readonly signal: AbortSignal;
  readonly report: (step: ProgressOf<C>) => void;
}

/** As `implement`, for work that reports: see `reporting`. */
export const implementReporting = <C extends AnyCapability>(
  capability: C,
  work: (input: ParsedInputOf<C>, context: ReportingContext<C>) => Promise<OutputOf<C>>,
): Implementation<C, TriviumContext> =>
  implement<C, TriviumContext>(capability, (input, context) =>
    reporting<ProgressOf<C>, OutputOf<C>>(context.signal, (report, signal) =>
      work(input, { ...context, signal, report }),
    ),
  );
