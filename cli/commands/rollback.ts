import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { requireApproval } from '../../src/operations/approval.ts';
import { BackoutError } from '../../src/model/error.ts';
import { parseLevel } from '../../src/model/level.ts';
import { type Plan, shortHash } from '../../src/model/plan.ts';
import {
  type PreparedRollback,
  prepareRollback,
  rollBack,
} from '../../src/operations/roll-back.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import { checkReason, type CommandContext, type GlobalOptions, withService } from '../context.ts';
import { EXIT, exitCodeOfOutcome } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { renderPlan } from '../render/plan.ts';
import { renderResult } from '../render/result.ts';

interface RollbackOptions extends GlobalOptions {
  to?: string;
  reason?: string;
  incident?: string;
  plan?: string;
  approvedBy?: string;
  yes?: boolean;
  dryRun?: boolean;
}

export function addRollback(program: Command, run: Runner): void {
  program
    .command('plan')
    .description('show what a rollback would do, and change nothing')
    .argument('[level]', 'flags, application or database', 'application')
    .option('--to <tag>', 'the release to go back to (default: the last known good)')
    .action(run(showPlan));
  program
    .command('rollback')
    .description('roll back: safe state, the release, validation, postmortem draft')
    .argument('<level>', 'flags, application or database')
    .option('--to <tag>', 'the release to go back to (default: the last known good)')
    .option('--reason <text>', 'what is broken, 10 to 2,000 characters')
    .option('--incident <id>', 'the incident it belongs to (default: the open one, or a new one)')
    .option('--plan <hash>', 'carry out exactly this plan, or refuse')
    .option(
      '--approved-by <name>',
      'the second person who agreed, where the environment asks for one',
    )
    .option('--yes', 'start without asking')
    .option('--dry-run', 'show the plan and stop')
    .action(run(rollback));
}

async function showPlan(level: string, options: RollbackOptions) {
  const parsed = parseLevel(level);
  return await withService(options, { need: 'assess' }, async ({ service, out }) => {
    const { plan } = await prepareRollback(service.ports, parsed, options.to);
    const command = `backout rollback ${parsed}${to(options)} --plan ${shortHash(plan.hash)}`;
    out.result(plan, `${renderPlan(plan)}\nNext:   ${command}`);
    return EXIT.done;
  });
}

const to = (options: RollbackOptions): string =>
  options.to === undefined ? '' : ` --to ${options.to}`;

async function rollback(level: string, options: RollbackOptions) {
  const parsed = parseLevel(level);
  const emergency = parsed === 'flags';
  return await withService(options, { need: parsed, emergency }, async (context) => {
    const { service, out, user } = context;
    const request = {
      actor: user,
      reason: checkReason(options.reason, user),
      rule: 'manual',
      ...(options.incident === undefined ? {} : { incident: options.incident }),
    };
    if (emergency && options.dryRun !== true) {
      const result = await makeSafe(service.ports, request);
      out.result(result, renderResult(result, undefined));
      return exitCodeOfOutcome(result.execution.outcome);
    }
    const prepared = await prepareRollback(service.ports, parsed, options.to);
    const { plan } = prepared;
    if (options.dryRun === true) {
      out.result({ plan, dry_run: true }, `${renderPlan(plan)}\nDry run: nothing was changed.`);
      return EXIT.done;
    }
    requireSamePlan(plan, options.plan);
    requireApproval(prepared.assessment, plan, {
      policy: service.config.environment.approval.application,
      actor: user,
      approvedBy: options.approvedBy,
    });
    await confirm(context, prepared, options);
    const result = await rollBack(service.ports, prepared, {
      ...request,
      ...(options.approvedBy === undefined ? {} : { approvedBy: options.approvedBy }),
    });
    out.result(result, renderResult(result, plan.from));
    return exitCodeOfOutcome(result.execution.outcome);
  });
}

/** @throws BackoutError E_PLAN_CHANGED */
function requireSamePlan({ hash }: Plan, wanted: string | undefined): void {
  if (wanted === undefined || (wanted.length >= 12 && hash.startsWith(wanted))) return;
  throw new BackoutError({
    code: 'E_PLAN_CHANGED',
    kind: 'refused',
    message: `The plan is now ${shortHash(hash)}, not ${wanted.slice(0, 12)}: the situation changed.`,
    remedy: 'Look again with `backout plan`, then start the rollback with its hash.',
  });
}

/** A person at a terminal is asked; a script says --yes or names the plan it means. */
async function confirm(
  { out }: CommandContext,
  { plan }: PreparedRollback,
  options: RollbackOptions,
): Promise<void> {
  if (options.yes === true || options.plan !== undefined) return;
  if (!out.interactive || !process.stdin.isTTY) {
    throw new BackoutError({
      code: 'E_CONFIRM',
      kind: 'usage',
      message: 'Nobody can be asked here whether to start.',
      remedy: `Add --yes, or --plan ${shortHash(plan.hash)} to carry out exactly this plan.`,
    });
  }
  out.line(renderPlan(plan));
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Start? [y/N] ');
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new BackoutError({
    code: 'E_CONFIRM',
    kind: 'refused',
    message: 'You did not say yes.',
    remedy: 'Run the same command again when you are ready.',
  });
}
