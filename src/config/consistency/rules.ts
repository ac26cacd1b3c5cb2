/** Rules against everything they name, and thresholds against the unit of their signal. */
import type { Finding } from '../explain.ts';
import type { Path } from '../problems.ts';
import { block, blocks, isBlock, type RawBlock } from '../raw.ts';
import { MATRIX, type MatrixRow, SIGNALS } from '../sections/matrix.ts';
import { parseDuration, parsePercent } from '../values.ts';
import { type KnownNames, unknownName, unknownNames } from './known.ts';

type Unit = 'none' | 'ratio' | 'milliseconds' | 'count';

export function checkRules(raw: unknown, known: KnownNames): Finding[] {
  return blocks(raw, 'rules').flatMap(([id, rule]) => {
    const path: Path = ['rules', id];
    const row = Object.entries<MatrixRow>(MATRIX).find(([name]) => name === id)?.[1];
    const signal = rule['signal'] ?? row?.signal;
    return [
      ...unknownName('the signal', rule['signal'], known.signals, [...path, 'signal']),
      ...unknownNames('the flag group', rule['groups'], known.groups, [...path, 'groups']),
      ...unknownNames(
        'the provider',
        rule['trips'],
        [...known.providers, ...known.tags],
        [...path, 'trips'],
      ),
      ...unknownNames('the contact', rule['page'], known.contacts, [...path, 'page']),
      ...unknownNames('the check', rule['checks'], known.checks, [...path, 'checks']),
      ...checkThreshold(raw, signal, rule['threshold'] ?? row?.threshold, [...path, 'threshold']),
      ...checkDecision(rule, row, path),
      ...checkPeriod(rule['period'], [...path, 'period']),
    ];
  });
}

function checkDecision(rule: RawBlock, row: MatrixRow | undefined, path: Path): Finding[] {
  const decision = rule['decision'] ?? row?.decision;
  const automatic = rule['automatic'] ?? row?.automatic ?? 'none';
  const atEnd = rule['at_end'] ?? row?.at_end ?? 'ask';
  if (decision === 'investigate' && atEnd === 'roll_back' && automatic === 'none') {
    return [
      {
        path: [...path, 'automatic'],
        message: 'at_end is "roll_back", but nothing may be rolled back automatically',
        remedy: 'Set at_end: ask, or automatic: flags or application.',
      },
    ];
  }
  if (decision === 'suggest' && automatic !== 'none') {
    return [
      {
        path: [...path, 'automatic'],
        message: 'a rule that only suggests does nothing automatically',
        remedy: 'Set automatic: none, or decision: act or investigate.',
      },
    ];
  }
  return [];
}

/** CloudWatch evaluates 10, 20 and 30 seconds and whole minutes, nothing between. */
function checkPeriod(value: unknown, path: Path): Finding[] {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms === undefined || [10_000, 20_000, 30_000].includes(ms) || ms % 60_000 === 0) return [];
  return [
    {
      path,
      message: `${String(value)} is no period that alarms can have`,
      remedy: 'Write 10s, 20s, 30s or whole minutes.',
    },
  ];
}

/** The unit in which thresholds of a signal are written; undefined for an unknown signal. */
function unitOf(raw: unknown, signal: unknown): Unit | undefined {
  if (typeof signal !== 'string') return undefined;
  const own = block(raw, 'metrics', 'signals', signal)['unit'];
  if (own === 'ratio' || own === 'percent') return 'ratio';
  if (own === 'milliseconds' || own === 'seconds') return 'milliseconds';
  if (own === 'count') return 'count';
  return Object.entries<Unit>(SIGNALS).find(([name]) => name === signal)?.[1];
}

const EXAMPLES: Record<Unit, string> = {
  none: '',
  ratio: 'above: "5%"',
  milliseconds: 'above: "1000ms"',
  count: 'at_least: 10',
};

/** A threshold must be there, be in the signal's unit, and be possible to meet. */
export function checkThreshold(
  raw: unknown,
  signal: unknown,
  threshold: unknown,
  path: Path,
): Finding[] {
  const unit = unitOf(raw, signal);
  if (unit === undefined) return [];
  const bounds = isBlock(threshold) ? Object.entries(threshold) : [];
  if (unit === 'none') {
    if (threshold === undefined) return [];
    return [
      {
        path,
        message: `the signal ${String(signal)} is there or not; it has no threshold`,
        remedy: 'Remove the threshold.',
      },
    ];
  }
  if (threshold === undefined || (isBlock(threshold) && bounds.length === 0)) {
    return [
      {
        path,
        message: `the signal ${String(signal)} needs a threshold`,
        remedy: `Add bounds, such as ${EXAMPLES[unit]}.`,
      },
    ];
  }
  const wrong = bounds.flatMap(([bound, value]) =>
    isWrongUnit(unit, value)
      ? [
          {
            path: [...path, bound],
            message: `${String(value)} has another unit than the signal ${String(signal)}`,
            remedy: `Write it like ${EXAMPLES[unit]}.`,
          },
        ]
      : [],
  );
  return wrong.length > 0 ? wrong : checkBounds(threshold, path);
}

function isWrongUnit(unit: Unit, value: unknown): boolean {
  if (typeof value === 'number') return unit !== 'count';
  if (typeof value !== 'string') return false;
  if (parsePercent(value) !== undefined) return unit !== 'ratio';
  return parseDuration(value) !== undefined && unit !== 'milliseconds';
}

function checkBounds(threshold: unknown, path: Path): Finding[] {
  const bound = (key: string): number | undefined => {
    const value = block(threshold)[key];
    if (typeof value === 'number') return value;
    return typeof value === 'string' ? (parsePercent(value) ?? parseDuration(value)) : undefined;
  };
  const low = bound('above') ?? bound('at_least');
  const high = bound('below') ?? bound('at_most');
  if (low === undefined || high === undefined || low < high) return [];
  if (low === high && bound('above') === undefined && bound('below') === undefined) return [];
  return [
    {
      path,
      message: 'no value can be within these bounds',
      remedy: 'The lower bound (above, at_least) has to be smaller than the upper one.',
    },
  ];
}
