import { drawErrorChart } from './chart.ts';
import { formatDuration, formatInstant } from '../render/time.ts';

/** One line of the drill's table: measured against what was promised. */
export interface DrillRow {
  /** What was measured: a level, or a promise. */
  name: string;
  measured: string;
  budget: string;
  passed: boolean;
}

export interface DrillEvent {
  /** Milliseconds since the drill began. */
  at_ms: number;
  text: string;
  /** Stands as a line in the picture. */
  mark: boolean;
}

export interface DrillReport {
  name: string;
  /** ISO 8601 UTC. */
  started_at: string;
  duration_ms: number;
  passed: boolean;
  /** What was broken on purpose, if anything. */
  fail_at?: string;
  incident?: string;
  rows: DrillRow[];
  timeline: DrillEvent[];
  /** Durations that are shorter than in production. */
  shortened: string[];
  /** Share of failed requests per half second: [milliseconds since the start, 0..1]. */
  error_rate: [number, number][];
  problems: string[];
}

/** The table of the drill, for the terminal. */
export function tableRows({ rows }: DrillReport): string[][] {
  const head = ['  level or promise', 'measured', 'budget', 'verdict'];
  const body = rows.map(({ name, measured, budget, passed }) => [
    `  ${name}`,
    measured,
    budget,
    passed ? 'passed' : 'FAILED',
  ]);
  return [head, ...body];
}

/** The same for people who come later: Markdown with a picture. */
export function renderMarkdown(report: DrillReport): string {
  const { name, rows, timeline, shortened, problems } = report;
  return [
    `# Drill ${name}: ${report.passed ? 'passed' : 'FAILED'}`,
    '',
    `${formatInstant(report.started_at)}, ${formatDuration(report.duration_ms)}` +
      (report.incident === undefined ? '' : `, incident \`${report.incident}\``) +
      (report.fail_at === undefined ? '' : `, made to fail at \`${report.fail_at}\``),
    '',
    '![Share of failed requests over time](error-rate.svg)',
    '',
    '| level or promise | measured | budget | verdict |',
    '|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.name} | ${row.measured} | ${row.budget} | ${row.passed ? 'passed' : '**FAILED**'} |`,
    ),
    '',
    '## Timeline',
    '',
    '| after | what |',
    '|---|---|',
    ...timeline.map(({ at_ms: at, text }) => `| ${formatDuration(at)} | ${text} |`),
    '',
    ...(problems.length === 0 ? [] : ['## Problems', '', ...problems.map((one) => `- ${one}`), '']),
    '## Shorter than in production',
    '',
    ...shortened.map((one) => `- ${one}`),
    '',
  ].join('\n');
}

/** The chart of the report. */
export function renderChart({ error_rate: points, timeline }: DrillReport): string {
  const marks = timeline
    .filter(({ mark }) => mark)
    .map(({ at_ms: at, text }) => ({ at, text: text.split(':')[0] ?? text }));
  return drawErrorChart(points, marks);
}
