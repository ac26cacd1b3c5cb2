import type { Command } from 'commander';
import { requireApproval } from '../../src/operations/approval.ts';
import { readAccepted, requireReasonFor } from '../../src/model/eligibility.ts';
import { BackoutError } from '../../src/model/error.ts';
import { checkForward, type ForwardInput } from '../../src/model/forward-input.ts';
import { type Level, parseLevel } from '../../src/model/level.ts';
import { type Plan, shortHash } from '../../src/model/plan.ts';
import {
  type PreparedRollback,
  prepareRollback,
  rollBack,
} from '../../src/operations/roll-back.ts';
import { findIncident } from '../../src/operations/incidents.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { prepareReturn } from '../../src/operations/prepare-return.ts';
import { planFlags } from '../../src/operations/plan-rollback.ts';
import { checkReason } from '../../src/model/typed-text.ts';
import { confirmStart } from '../confirm.ts';
import { type CommandContext, type GlobalOptions, withService } from '../context.ts';
import { EXIT, exitCodeOfOutcome } from '../exit-code.ts';
import { guardNote } from '../guard-note.ts';
import { liveNow } from '../live-now.ts';
import type { Runner } from '../program.ts';
import { requireManual, showManual } from './manual.ts';
import { describeSurroundings, renderPlan } from '../render/plan.ts';
import { renderResult } from '../render/result.ts';
import { labelled, nextLine } from '../render/text.ts';

interface RollbackOptions extends GlobalOptions {
  to?: string;
  reason?: string;
  incident?: string;
  plan?: string;
  approvedBy?: string;
  yes?: boolean;
  dryRun?: boolean;
  accept?: string;
  forward?: boolean;
}

interface PlanOptions extends GlobalOptions {
  to?: string;
  accept?: string;
  forward?: boolean;
  manual?: boolean;
  reason?: string;
}

const FORWARD = 'undo the last rollback: bring back what it left, because it did not help';
const ACCEPT = 'what is RED about --to and is accepted, such as below-floor,secret-missing';

export function addRollback(program: Command, run: Runner): void {
  program
    .command('plan')
    .description('show what a rollback would do, and change nothing')
    .argument('[level]', 'flags, application or database', 'application')
    .option('--to <tag>', 'the release to go back to (default: the last known good)')
    .option('--accept <risks>', ACCEPT)
    .option('--forward', FORWARD)
    .option('--manual', 'the steps by hand, to paste into a shell, for when everything is down')
    .option('--reason <text>', 'with --manual: what is broken')
    .action(run(showPlan));
  program
    .command('rollback')
    .description('roll back: safe state, the release, validation, postmortem draft')
    .argument('<level>', 'flags, application or database')
    .option('--to <tag>', 'the release to go back to (default: the last known good)')
    .option('--reason <text>', 'what is broken, 10 to 2,000 characters')
    .option('--incident <id>', 'the incident it belongs to (default: the open one, or a new one)')
    .option('--accept <risks>', ACCEPT)
    .option('--forward', FORWARD)
    .option('--plan <hash>', 'carry out exactly this plan, or refuse')
    .option(
      '--approved-by <name>',
      'the second person who agreed, where the environment asks for one',
    )
    .option('--yes', 'start without asking')
    .option('--dry-run', 'show the plan and stop')
    .action(run(rollback));
}

async function showPlan(level: string, options: PlanOptions) {
  if (options.manual === true) {
    requireNoForward(options);
    return await showManual(level, options);
  }
  requireManual(options);
  const parsed = parseLevel(level);
  const { forward = false } = options;
  // Looking needs no reason; undoing does.
  if (forward) checkForward({ ...asked(parsed, options), reason: '' });
  const accepted = readAccepted(options.accept, options.to);
  return await withService(options, { need: 'assess' }, async ({ service, out, again }) => {
    const prepared = await prepare(service.ports, parsed, options, accepted);
    const { plan } = prepared;
    const second = needsSecondPerson(service, prepared);
    const command =
      `backout rollback ${parsed}${to(options)}${forward ? ' --forward' : ''}` +
      ` --plan ${shortHash(plan.hash)}` +
      (accepted.length === 0 ? '' : ` --accept ${accepted.join(',')}`) +
      (accepted.length > 0 || forward ? ' --reason "…"' : '') +
      (second ? ' --approved-by NAME' : '');
    out.result(
      plan,
      [
        renderPlan(plan),
        ...describeSurroundings(prepared),
        ...(second ? [labelled('Needs', 'a second person who agrees to it')] : []),
        nextLine(again(command)),
      ].join('\n'),
    );
    return EXIT.done;
  });
}

/** @throws BackoutError E_USAGE */
function requireNoForward({ forward }: PlanOptions): void {
  if (forward !== true) return;
  throw new BackoutError({
    code: 'E_USAGE',
    kind: 'usage',
    message: 'There is no return by hand: it is no emergency, and ends a hold in the records.',
    remedy: 'Leave out --manual, or leave out --forward for the way back by hand.',
  });
}

function asked(level: Level, { to: release, accept }: PlanOptions): Omit<ForwardInput, 'reason'> {
  return { level, to: release, accept };
}

/** Back, or forward again to what the last rollback left. */
async function prepare(
  ports: OperationPorts,
  level: Level,
  options: Pick<RollbackOptions, 'forward' | 'incident' | 'to'>,
  accepted: readonly string[],
): Promise<PreparedRollback> {
  return options.forward === true
    ? await prepareReturn(ports, options.incident)
    : await prepareRollback(ports, level, options.to, accepted);
}

function needsSecondPerson(
  { config, ports }: CommandContext['service'],
  { assessment, plan }: PreparedRollback,
): boolean {
  if (plan.level === 'flags') return false;
  const policy = config.environment.approval.application;
  try {
    requireApproval(assessment, plan, {
      policy,
      actor: ports.settings.holder,
      approvedBy: undefined,
    });
    return false;
  } catch {
    return true;
  }
}

const to = (options: { to?: string }): string =>
  options.to === undefined ? '' : ` --to ${options.to}`;

async function rollback(level: string, options: RollbackOptions) {
  const parsed = parseLevel(level);
  const emergency = parsed === 'flags';
  if (options.forward === true) checkForward({ ...asked(parsed, options), reason: options.reason });
  const accepted = readAccepted(options.accept, options.to);
  requireReasonFor(accepted, options.reason);
  return await withService(options, { need: parsed, emergency }, async (context) => {
    const { service, out, user, again } = context;
    const request = {
      actor: user,
      reason: checkReason(options.reason, user),
      rule: 'manual',
      ...(options.incident === undefined ? {} : { incident: options.incident }),
    };
    if (emergency && options.to !== undefined) {
      out.line('--to has no effect: level flags leaves the release as it is.');
    }
    if (emergency && options.dryRun !== true) {
      requireSamePlan(planFlags(service.ports.facts), options.plan);
      const result = await makeSafe(service.ports, request);
      out.result(result, renderResult(result, await liveNow(context), again));
      return exitCodeOfOutcome(result.execution.outcome);
    }
    const prepared = await prepare(service.ports, parsed, options, accepted);
    const { plan } = prepared;
    if (options.dryRun === true) {
      const shown = [renderPlan(plan), ...describeSurroundings(prepared)].join('\n');
      out.result({ plan, dry_run: true }, `${shown}\nDry run: nothing was changed.`);
      return EXIT.done;
    }
    requireSamePlan(plan, options.plan);
    requireApproval(prepared.assessment, plan, {
      policy: service.config.environment.approval.application,
      actor: user,
      approvedBy: options.approvedBy,
    });
    await confirmStart(out, plan, options, describeSurroundings(prepared));
    const found = await findIncident(service.ports, options.incident);
    const result = await rollBack(service.ports, prepared, {
      ...request,
      // Somebody said it when the incident was opened: it need not be said again.
      ...(options.reason === undefined && found !== undefined ? { reason: found.reason } : {}),
      ...(options.approvedBy === undefined ? {} : { approvedBy: options.approvedBy }),
    });
    const { guard, line } = await guardNote(context);
    out.result({ ...result, guard }, renderResult(result, await liveNow(context), again, [line]));
    return exitCodeOfOutcome(result.execution.outcome);
  });
}

/** @throws BackoutError E_PLAN_CHANGED */
function requireSamePlan({ hash }: Plan, wanted: string | undefined): void {
  if (wanted === undefined || (wanted.length >= 12 && hash.startsWith(wanted))) return;
  throw new BackoutError({
    code: 'E_PLAN_CHANGED',
    kind: 'refused',
    message:
      wanted.length < 12
        ? `${JSON.stringify(wanted)} names no plan: at least 12 characters of its hash are needed.`
        : `The plan is now ${shortHash(hash)}, not ${wanted.slice(0, 12)}: the situation changed.`,
    remedy: 'Look again with `backout plan`, then start the rollback with its hash.',
  });
}
