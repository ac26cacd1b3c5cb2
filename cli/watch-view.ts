import type { BakeRound } from '../src/operations/watch-bake.ts';
import type { CommandContext } from './context.ts';
import { renderRound } from './render/checklist.ts';
import { formatDuration } from './render/time.ts';

/** On top of the bake: the checks of its last round; each has its own, shorter time. */
const CHECKS_CAP_MS = 300_000;
/** On a terminal the time left is redrawn this often, so that a person sees that it lives. */
const REDRAW_MS = 500;

/** Ends a bake that a person stops, or that takes far longer than it may. */
export function stopSignal({ service }: CommandContext, bakeMs: number): AbortSignal {
  const { interrupted } = service.ports;
  const cap = AbortSignal.timeout(bakeMs + CHECKS_CAP_MS);
  return interrupted === undefined ? cap : AbortSignal.any([interrupted, cap]);
}

/** A live line on a terminal, a plain line for each round elsewhere. */
export function watchView({ service, out }: CommandContext, stage: string, bakeMs: number) {
  const { clock } = service.ports;
  const end = clock.now() + bakeMs;
  let last: BakeRound | undefined;
  out.line(`Watching ${stage} for ${formatDuration(bakeMs)}; every round counts.`);
  const draw = (): void => {
    const leftMs = Math.max(0, end - clock.now());
    if (last !== undefined) out.live(`… ${renderRound({ ...last, leftMs })}`);
  };
  const ticking = out.interactive ? setInterval(draw, REDRAW_MS).unref() : undefined;
  return {
    show(round: BakeRound): void {
      last = round;
      if (out.interactive && round.result.verdict === 'passed') draw();
      else out.line(`  ${renderRound(round)}`);
    },
    [Symbol.dispose]: () => clearInterval(ticking),
  };
}
