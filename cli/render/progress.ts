import { styleText } from 'node:util';
import type { StepOutcome } from '../../src/model/execution.ts';
import type { Observe, ProgressEvent } from '../../src/model/progress.ts';
import { describePlan, type Plan, type Step } from '../../src/model/plan.ts';
import { secondsLeft } from '../../src/operations/report-progress.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Output } from '../output.ts';
import { formatDuration, formatTime } from './time.ts';
import { wrap } from './text.ts';

const SIGN = { done: '✔', failed: '✘', unknown: '?', 'not-run': '–' } as const;
const COLOUR = { done: 'green', failed: 'red', unknown: 'yellow', 'not-run': 'gray' } as const;

/** Shows an execution as it runs: a live line on a terminal, plain lines elsewhere. */
export function progressView(out: Output, clock: Clock): Observe & Disposable {
  let plan: Plan | undefined;
  let startedAt = clock.now();
  const running = new Map<string, Step>();
  const draw = (): void => {
    const step = [...running.values()][0];
    if (plan === undefined || step === undefined) return;
    const number = plan.steps.indexOf(step) + 1;
    const elapsed = formatDuration(clock.now() - startedAt);
    const left = formatDuration(secondsLeft(plan, clock.now() - startedAt) * 1000);
    // The title last: on a narrow terminal the end is cut off.
    out.live(`… ${number}/${plan.steps.length} · ${elapsed} · about ${left} left · ${step.title}`);
  };
  // Redrawn so that a person sees it lives; unref'd: it must not keep the process.
  const ticking = out.interactive ? setInterval(draw, 100).unref() : undefined;

  function show(event: ProgressEvent): void {
    switch (event.type) {
      case 'execution-started':
        plan = event.plan;
        startedAt = clock.now();
        out.line(describeStart(event, clock.now()));
        break;
      case 'step-started':
        running.set(event.step.id, event.step);
        if (!out.interactive) {
          out.line(wrap(`${event.number}/${event.of} ${event.step.title}`, '  … '));
        }
        break;
      case 'step-ended':
        running.delete(event.step.id);
        out.line(describeEnd(event, plan, out.interactive));
        break;
      case 'note':
        out.line(wrap(event.text, '    '));
        break;
      case 'budget':
        out.line(
          `  ! ${event.exceeded ? 'Over' : 'Near'} the time budget: ` +
            `${formatDuration(event.elapsed_ms)} of ${formatDuration(event.budget_ms)}`,
        );
        break;
      case 'step-intended':
      case 'step-applied':
      case 'execution-ended':
        break;
      default:
        event satisfies never;
    }
    draw();
  }
  return Object.assign(show, { [Symbol.dispose]: () => clearInterval(ticking) });
}

/** Says how long it will take, and on a terminal how much of that is left. */
export function countDown(out: Output, clock: Clock, title: string, ms: number): Disposable {
  if (ms === 0) return { [Symbol.dispose]: () => undefined };
  const end = clock.now() + ms;
  out.line(`${title}: about ${formatDuration(ms)}`);
  const draw = (): void =>
    out.live(`… ${title} · about ${formatDuration(Math.max(0, end - clock.now()))} left`);
  const ticking = out.interactive ? setInterval(draw, 100).unref() : undefined;
  return { [Symbol.dispose]: () => clearInterval(ticking) };
}

function describeStart(
  { plan, incident, resumed }: Extract<ProgressEvent, { type: 'execution-started' }>,
  now: number,
): string {
  const verb = resumed ? 'Continuing' : 'Starting';
  const way = plan.to === undefined ? '' : `: ${plan.from ?? '?'} → ${plan.to}`;
  const time = formatDuration(secondsLeft(plan, 0) * 1000);
  const limit = plan.level === undefined ? 'at most' : 'about';
  return wrap(
    `${verb} ${describePlan(plan)}${way}, incident ${incident}, ${limit} ${time}`,
    `${formatTime(now)} `,
    '  ',
  );
}

function describeEnd(
  event: Extract<ProgressEvent, { type: 'step-ended' }>,
  plan: Plan | undefined,
  coloured: boolean,
): string {
  const { step, result, duration_ms: ms, replayed } = event;
  const number = plan === undefined ? '' : `${plan.steps.indexOf(step) + 1}/${plan.steps.length} `;
  const sign = coloured
    ? styleText(COLOUR[result.outcome], SIGN[result.outcome])
    : SIGN[result.outcome];
  const time = replayed ? ' (proven before)' : ` (${formatDuration(ms)})`;
  const took = result.outcome === 'not-run' ? '' : time;
  const first = wrap(`${number}${step.title}${took}`, `  ${sign} `);
  const why = explain(result);
  return why === undefined ? first : `${first}\n${wrap(why, '      ')}`;
}

function explain(result: StepOutcome): string | undefined {
  if (result.outcome === 'done') return undefined;
  return `${result.outcome === 'not-run' ? 'not run' : result.outcome}: ${result.problem}`;
}
