/** What the decision matrix says of one moment: for a person who looks, not for automation. */
import { type DecisionRule, isMet } from './decision.ts';
import type { Level } from './level.ts';
import { describeBounds, describeValue } from './measured-value.ts';

/** One answer of a source, at one moment. */
export type Reading =
  | { signal: string; unit: Unit; state: 'measured'; value: number }
  /** It answered, and had nothing to say: that is not zero. */
  | { signal: string; unit: Unit; state: 'no-data' }
  | { signal: string; unit: Unit; state: 'unreadable'; problem: string };

type Unit = 'ratio' | 'milliseconds' | 'count';

/** A rule that a source measures, and whether its bounds hold at this moment. */
export interface LiveSignal {
  rule: string;
  signal: string;
  /**
   * `met`: the bounds hold now. Whether they did for as long as the rule wants, and over enough
   * requests, a single look cannot say.
   */
  state: 'met' | 'not-met' | 'no-data' | 'unreadable';
  value?: number;
  unit: Unit;
  /** Level that the rule leads to; undefined when it leads to none, or is not met. */
  level: Level | undefined;
  /** `14 % is above 5 %`, `no data`. */
  text: string;
}

/** What is needed of a rule of `backout.yml`. */
export interface WatchedRule extends Pick<DecisionRule, 'decision' | 'automatic'> {
  signal: string;
  threshold?: Parameters<typeof isMet>[0] | undefined;
}

/** In the order of the matrix, which has the worst first. Rules that nothing measures are left out. */
export function judgeSignals(
  rules: Readonly<Record<string, WatchedRule>>,
  readings: readonly Reading[],
): LiveSignal[] {
  return Object.entries(rules).flatMap(([rule, settings]): LiveSignal[] => {
    const reading = readings.find(({ signal }) => signal === settings.signal);
    if (reading === undefined || settings.threshold === undefined) return [];
    const { signal, unit } = reading;
    const base = { rule, signal, unit, level: undefined };
    if (reading.state === 'no-data') return [{ ...base, state: 'no-data', text: 'no data' }];
    if (reading.state === 'unreadable') {
      return [{ ...base, state: 'unreadable', text: `not known: ${reading.problem}` }];
    }
    const { value } = reading;
    const met = isMet(settings.threshold, value);
    const bounds = describeBounds(settings.threshold, unit);
    const said = describeValue(value, unit);
    return [
      {
        ...base,
        state: met ? 'met' : 'not-met',
        value,
        level: met ? levelOf(settings) : undefined,
        text: met ? `${said} is ${bounds}` : `${said}, met when ${bounds}`,
      },
    ];
  });
}

/** How far the rule goes without a person; what it only suggests has no level. */
function levelOf({ decision, automatic }: WatchedRule): Level | undefined {
  if (decision === 'suggest') return undefined;
  return automatic === 'none' ? 'flags' : automatic;
}
