import { formatDuration } from '../render/time.ts';
import type { DrillRow } from './report.ts';

/** Rule met → safe and acknowledged. Far below the 30 s budget of level flags: it is our promise. */
const SAFE_BUDGET_MS = 1_000;
/** For a service that starts in a second; the budget of level application is 5 minutes. */
const APPLICATION_BUDGET_MS = 30_000;
/** The runbook's line for "errors are back to normal". */
const NORMAL_ERROR_RATE = 0.01;
const EXPECTED_RELEASE = 'v1.1.0';
const BAD_RELEASE = 'v1.2.0';

/** One level that ran, as it told about itself. */
export interface LevelFacts {
  outcome: string;
  /** Undefined = it did not come to the end of its budget. */
  withinMs: number | undefined;
  budgetMs: number;
}

/** What was seen, part by part; what the drill did not come to is left out. */
export interface DrillFacts {
  ruleMetAt?: number;
  safe?: LevelFacts;
  /** When a customer's answer first carried the new state. */
  acknowledgedAt?: number;
  rollback?: LevelFacts & { to: string; postmortem: string };
  /** Verdicts of the validation, by stage, as the journal has them. */
  stages?: { stage: string; verdict: string }[];
  errorRateBefore?: number;
  errorRateAfter?: number;
  bad?: { held: boolean; status: string };
  recovered?: string[];
  /** Providers in the order of recovery that the configuration asks for. */
  recoveryOrder?: string[];
  flagsAsBefore?: boolean;
  stillOff?: string[];
  chain?: { intact: boolean; entries: number };
  /** Deployments for our incident in the supervisor's own log. */
  witnessed?: string[];
}

/** Every promise of the drill as a line of its table. What was not reached has failed. */
export function judgeDrill(facts: DrillFacts): DrillRow[] {
  const { safe, rollback, ruleMetAt, acknowledgedAt, recovered, recoveryOrder } = facts;
  const safeMs =
    ruleMetAt === undefined || acknowledgedAt === undefined
      ? undefined
      : acknowledgedAt - ruleMetAt;
  const { stages = [] } = facts;
  return [
    timeRow('flags', safe?.withinMs, safe?.budgetMs, safe?.outcome === 'done'),
    timeRow('safe, as customers see it', safeMs, SAFE_BUDGET_MS, safe?.outcome === 'done'),
    timeRow('application', rollback?.withinMs, APPLICATION_BUDGET_MS, rollback?.outcome === 'done'),
    row('release gone back to', rollback?.to, EXPECTED_RELEASE, (tag) => tag === EXPECTED_RELEASE),
    row(
      'failed requests while bad',
      facts.errorRateBefore,
      'above 5 %',
      (rate) => rate > 0.05,
      percent,
    ),
    row(
      'failed requests afterwards',
      facts.errorRateAfter,
      'under 1 %',
      (rate) => rate < NORMAL_ERROR_RATE,
      percent,
    ),
    row(
      'validation',
      stages.length === 0 ? undefined : stages,
      'now, t+2, t+10',
      (all) => all.length === 3 && all.every(({ verdict }) => verdict === 'passed'),
      (all) => `${all.filter(({ verdict }) => verdict === 'passed').length} of 3 passed`,
    ),
    row(
      `${BAD_RELEASE} held`,
      facts.bad,
      'bad and held',
      ({ held, status }) => held && status === 'bad',
      ({ held, status }) => `${status}${held ? ' and held' : ''}`,
    ),
    row(
      'deployments seen from outside',
      facts.witnessed,
      'exactly one',
      (tags) => tags.length === 1 && tags[0] === EXPECTED_RELEASE,
      (tags) => tags.join(', ') || 'none',
    ),
    row(
      'breakers recovered in order',
      recovered,
      'all, in order',
      (names) => names.length > 0 && names.join() === recoveryOrder?.join(),
      (names) => `${names.length} of ${recoveryOrder?.length ?? 0}`,
    ),
    row(
      'flags after lifting',
      facts.flagsAsBefore,
      'exactly as before',
      (same) => same && facts.stillOff?.length === 0,
      (same) => (same ? 'as before' : 'different'),
    ),
    row(
      "journal's chain",
      facts.chain,
      'intact',
      ({ intact }) => intact,
      ({ intact, entries }) => `${intact ? 'intact' : 'BROKEN'}, ${entries} entries`,
    ),
    row(
      'postmortem draft',
      rollback?.postmortem,
      'written',
      (path) => path !== '',
      () => 'written',
    ),
  ];
}

function timeRow(
  name: string,
  measured: number | undefined,
  budget: number | undefined,
  isDone: boolean,
): DrillRow {
  const limit = budget ?? 0;
  return row(name, measured, formatDuration(limit), (ms) => isDone && ms <= limit, formatDuration);
}

function row<T>(
  name: string,
  measured: T | undefined,
  budget: string,
  isGood: (value: T) => boolean,
  show: (value: T) => string = String,
): DrillRow {
  if (measured === undefined) return { name, measured: 'not reached', budget, passed: false };
  return { name, measured: show(measured), budget, passed: isGood(measured) };
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
