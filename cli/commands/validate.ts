import type { Command } from 'commander';
import { BackoutError } from '../../src/model/error.ts';
import { type BakeRound, watchBake } from '../../src/operations/watch-bake.ts';
import { type CommandContext, type GlobalOptions, withService } from '../context.ts';
import { exitCodeOfVerdict } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { renderChecklist, renderRound } from '../render/checklist.ts';
import { formatDuration } from '../render/time.ts';

/** On top of the bake: the checks of its last round; each has its own, shorter time. */
const CHECKS_CAP_MS = 300_000;
/** On a terminal the time left is redrawn this often, so that a person sees that it lives. */
const REDRAW_MS = 500;

interface ValidateOptions extends GlobalOptions {
  stage: string;
  watch?: boolean;
}

export function addValidate(program: Command, run: Runner): void {
  program
    .command('validate')
    .description('run the checks and print the checklist')
    .option('--stage <name>', 'now, t+2 or t+10', 'now')
    .option('--watch', 'ask again and again for the time of the bake; every round counts')
    .action(run(validate));
}

async function validate(options: ValidateOptions) {
  return await withService(options, { need: 'validate' }, async (context) => {
    const { service, out } = context;
    const { ports, config } = service;
    requireStage(options.stage, ports.facts.stages);
    const watch = options.watch === true;
    const bakeMs = watch ? config.bake.duration : 0;
    const rounds: BakeRound[] = [];
    using view = watch ? watchView(context, options.stage, bakeMs) : undefined;
    const stage = await watchBake(ports, {
      stage: options.stage,
      until: ports.clock.now() + bakeMs,
      everyMs: config.bake.every,
      signal: stopSignal(context, bakeMs),
      onRound(round) {
        rounds.push(round);
        view?.show(round);
      },
    });
    const safeState = rounds.at(-1)?.safeState ?? false;
    const counted = watch ? { rounds: rounds.length } : {};
    out.result(
      { ...stage, safe_state: safeState, ...counted },
      renderChecklist(stage, { safeState, ...counted }),
    );
    return exitCodeOfVerdict(stage.verdict);
  });
}

function requireStage(wanted: string, stages: readonly { name: string }[]): void {
  const names = stages.map(({ name }) => name);
  if (names.includes(wanted)) return;
  throw new BackoutError({
    code: 'E_STAGE',
    kind: 'usage',
    message: `There is no stage ${JSON.stringify(wanted)}.`,
    remedy: `Name one of: ${names.join(', ')}.`,
  });
}

function stopSignal({ service }: CommandContext, bakeMs: number): AbortSignal {
  const { interrupted } = service.ports;
  const cap = AbortSignal.timeout(bakeMs + CHECKS_CAP_MS);
  return interrupted === undefined ? cap : AbortSignal.any([interrupted, cap]);
}

/** A live line on a terminal, a plain line for each round elsewhere. */
function watchView({ service, out }: CommandContext, stage: string, bakeMs: number) {
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
