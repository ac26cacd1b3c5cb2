import type { Command } from 'commander';
import { BackoutError } from '../../src/model/error.ts';
import { type BakeRound, slowestCheck, watchBake } from '../../src/operations/watch-bake.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { exitCodeOfVerdict } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { renderChecklist } from '../render/checklist.ts';
import { stopSignal, watchView } from '../watch-view.ts';

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
      slowestMs: slowestCheck(ports.facts.checksMs),
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
