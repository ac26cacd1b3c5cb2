import type { Command } from 'commander';
import { type JournalEntry, verifyChain } from '../../src/model/journal.ts';
import { clockSteps } from '../../src/adapters/clock-steps.ts';
import type { ClockOrder } from '../../src/model/clock-notes.ts';
import { checkCommander, commanderOf } from '../../src/model/commander.ts';
import { isComplaint } from '../../src/model/complaints.ts';
import { assignCommander } from '../../src/operations/assign-commander.ts';
import { closeIncident } from '../../src/operations/close-incident.ts';
import { orderClock } from '../../src/operations/incident-clock/make-clock-work.ts';
import { incidentClosed, requireIncident } from '../../src/operations/incidents.ts';
import { resumeRollback } from '../../src/operations/resume.ts';
import { checkReason } from '../../src/model/typed-text.ts';
import { watchIncident } from '../../src/wiring/watch-incident.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { EXIT, exitCodeOfOutcome } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { guardNote } from '../guard-note.ts';
import { liveNow } from '../live-now.ts';
import { renderResult } from '../render/result.ts';
import { labelled, nextLine, table, wrap } from '../render/text.ts';
import { formatInstant, formatTime } from '../render/time.ts';

export function addIncident(program: Command, run: Runner): void {
  const incident = program.command('incident').description('incidents and their journal');
  incident.command('list').description('all incidents, newest first').action(run(list));
  incident
    .command('show')
    .description('the journal of an incident, with its chain verified')
    .argument('[id]', 'default: the open one')
    .option('--all', 'also what only repeats: intents that have an outcome, progress messages')
    .action(run(show));
  incident
    .command('resume')
    .description('continue what was interrupted, at the first step not proven done')
    .argument('[id]', 'default: the open one')
    .action(run(resume));
  incident
    .command('assign')
    .description('say who leads an incident')
    .argument('[id]', 'default: the open one')
    .requiredOption('--commander <name>', 'who leads it, 2 to 80 characters')
    .action(run(assign));
  for (const [order, what] of Object.entries(CLOCK_WORDS)) {
    incident
      .command(order)
      .description(what.description)
      .argument('[id]', 'default: the open one')
      .option('--reason <text>', 'why, for the journal')
      .action(run(tellClock(what.order)));
  }
  incident
    .command('watch')
    .description('be the clock of an incident: updates, calls for help, the end of a countdown')
    .argument('[id]', 'default: the open one')
    .action(run(watch));
  incident
    .command('close')
    .description('close an incident whose safe state is lifted')
    .argument('[id]', 'default: the open one')
    .option('--reason <text>', 'how it ended')
    .action(run(close));
}

async function list(options: GlobalOptions) {
  return await withService(options, { need: 'assess' }, async ({ service, out }) => {
    const incidents = await service.ports.journal.incidents(service.ports.scope);
    const head = ['  incident', 'status', 'opened, rule, reason'];
    const rows = incidents.map((one) => [
      `  ${one.id}`,
      one.status,
      `${formatInstant(one.openedAt)} ${one.rule}: ${one.reason}`,
    ]);
    out.result(
      { incidents },
      rows.length === 0 ? 'No incident is recorded.' : table([head, ...rows]),
    );
    return EXIT.done;
  });
}

async function show(id: string | undefined, options: GlobalOptions & { all?: boolean }) {
  return await withService(options, { need: 'assess' }, async ({ service, out }) => {
    const incident = await requireIncident(service.ports, id);
    const entries = await service.ports.journal.read(service.ports.scope, incident.id);
    const chain = verifyChain(entries);
    const shown = options.all === true ? entries : newsOf(entries);
    const rows = shown.map((entry) => [
      `  ${entry.seq}`,
      formatTime(entry.at),
      entry.kind,
      wordsOf(entry),
    ]);
    const commander = commanderOf(entries) ?? service.config.messages.commander;
    const leftOut = entries.length - shown.length;
    const proof = chain.intact
      ? `intact: ${chain.entries} entries, head ${chain.head.slice(0, 12)}`
      : `BROKEN at entry ${chain.seq}: ${chain.problem}`;
    out.result(
      { incident, ...(commander === undefined ? {} : { commander }), entries, chain },
      [
        wrap(
          `Incident ${incident.id}, ${incident.status}, since ${formatInstant(incident.openedAt)}`,
        ),
        wrap(`${incident.rule}: ${incident.reason}`),
        wrap(commander ?? 'nobody is assigned', 'Commander: '),
        '',
        table(rows),
        '',
        ...(leftOut === 0 ? [] : [`${leftOut} entries only repeat these: --all shows them`, '']),
        labelled('Chain', proof),
      ].join('\n'),
    );
    return chain.intact ? EXIT.done : EXIT.failed;
  });
}

/** What a user said is shown to whoever reads the journal here; the text of the entry is published. */
function wordsOf(entry: JournalEntry): string {
  const { text, data } = entry;
  const said = [data['reference'], data['complaint']].filter((one) => typeof one === 'string');
  return isComplaint(entry) && said.length > 0 ? `${text} ${said.join(': ')}` : text;
}

/** The entries that a person needs at 03:00. An intent without an outcome is one of them. */
function newsOf(entries: readonly JournalEntry[]): JournalEntry[] {
  const ended = new Set(entries.filter(({ kind }) => kind === 'outcome').map(attemptOf));
  return entries.filter((entry) => {
    const { kind, data } = entry;
    const { code, execution } = data;
    if (kind === 'message') return code !== 'progress' && code !== 'recovery-step';
    return kind !== 'intent' || execution === undefined || !ended.has(attemptOf(entry));
  });
}

function attemptOf({ data: { execution, step, attempt } }: JournalEntry): string {
  return JSON.stringify([execution, step, attempt]);
}

async function resume(id: string | undefined, options: GlobalOptions) {
  return await withService(options, { need: 'application' }, async (context) => {
    const { service, out, user, again } = context;
    const result = await resumeRollback(service.ports, id, user);
    const { guard, line } = await guardNote(context);
    const notes = result.execution.plan.level === 'application' ? [line] : [];
    out.result({ ...result, guard }, renderResult(result, await liveNow(context), again, notes));
    return exitCodeOfOutcome(result.execution.outcome);
  });
}

async function assign(id: string | undefined, options: GlobalOptions & { commander: string }) {
  const commander = checkCommander(options.commander);
  return await withService(options, { need: 'record' }, async ({ service, out, user, again }) => {
    const incident = await requireIncident(service.ports, id);
    const result = await assignCommander(service.ports, incident, { actor: user, commander });
    const before = result.previous === undefined ? '' : ` Before: ${result.previous}.`;
    out.result(
      result,
      [
        wrap(
          result.changed
            ? `${commander} leads incident ${incident.id} from now on.${before}`
            : `${commander} leads incident ${incident.id} already: nothing was changed.`,
        ),
        ...result.problems.map((problem) => labelled('Problem', problem)),
        nextLine(again(`backout incident show ${incident.id}`)),
      ].join('\n'),
    );
    return EXIT.done;
  });
}

const CLOCK_WORDS = {
  pause: { order: 'pause', description: 'stop what would go on by itself, such as a countdown' },
  'go-on': { order: 'go-on', description: 'end a pause: the countdown goes on where it stood' },
  'act-now': { order: 'act-now', description: 'do not wait for the end of an investigation' },
} as const satisfies Record<string, { order: ClockOrder; description: string }>;

function tellClock(order: ClockOrder) {
  return async (id: string | undefined, options: GlobalOptions & { reason?: string }) =>
    await withService(options, { need: 'record' }, async ({ service, out, user, again }) => {
      const incident = await requireIncident(service.ports, id);
      if (incident.status === 'closed') throw incidentClosed(incident.id);
      const reason = checkReason(options.reason, user);
      await orderClock(service.ports, incident.id, { order, actor: user, reason });
      const said = {
        pause: 'Nothing more goes on by itself. The safe state is never paused.',
        'go-on': 'What was paused goes on.',
        'act-now': 'The investigation is over at the next look of its clock, within 15 s.',
      }[order];
      out.result(
        { incident: incident.id, order },
        [wrap(said), nextLine(again(`backout incident show ${incident.id}`))].join('\n'),
      );
      return EXIT.done;
    });
}

async function watch(id: string | undefined, options: GlobalOptions) {
  return await withService(options, { need: 'assess' }, async ({ service, out }) => {
    const { ports, config } = service;
    const incident = await requireIncident(ports, id);
    if (incident.status === 'closed') throw incidentClosed(incident.id);
    const interrupted = ports.interrupted ?? new AbortController().signal;
    out.line(`Watching incident ${incident.id}. Ctrl-C ends the watching, and nothing else.`);
    const ended = await watchIncident(
      service,
      incident,
      clockSteps(ports.clock, interrupted),
    ).catch((error: unknown) => {
      if (interrupted.aborted) return 'interrupted' as const;
      throw error;
    });
    const words = {
      'incident-closed': 'is closed',
      recovered: 'recovered by itself',
      'time-over': 'is open still, and its clock has run for as long as it may',
      interrupted: 'is not watched from here any more',
    };
    out.result(
      { incident: incident.id, ended },
      wrap(`Incident ${incident.id} of ${config.service} ${words[ended]}.`),
    );
    return ended === 'interrupted' ? EXIT.uncertain : EXIT.done;
  });
}

async function close(id: string | undefined, options: GlobalOptions & { reason?: string }) {
  return await withService(options, { need: 'recover' }, async ({ service, out, user }) => {
    const incident = await requireIncident(service.ports, id);
    const reason = checkReason(options.reason, user);
    const { changed } = await closeIncident(service.ports, incident, { actor: user, reason });
    const text = `Incident ${incident.id} is closed${changed ? '' : ' (it was already)'}.`;
    out.result({ incident: incident.id, changed }, text);
    return EXIT.done;
  });
}
