import type { Command } from 'commander';
import { type Hold, type ReleaseDetails, requireTagFormat } from '../../src/model/release.ts';
import { checkReason } from '../../src/model/typed-text.ts';
import { readPastTime } from '../../src/model/typed-time.ts';
import { bakeRelease } from '../../src/operations/bake-release.ts';
import { gateDeployment } from '../../src/operations/gate-deployment.ts';
import { endHold, holdRelease, markGood } from '../../src/operations/judge-release.ts';
import { keptReleases } from '../../src/operations/kept-releases.ts';
import { recordRelease } from '../../src/operations/record-release.ts';
import {
  detailsOfConfig,
  readArtefacts,
  readSchemaVersion,
} from '../../src/wiring/release-details.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { EXIT, exitCodeOfVerdict } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { renderChecklist } from '../render/checklist.ts';
import { labelled, table, wrap } from '../render/text.ts';
import { formatInstant } from '../render/time.ts';
import { stopSignal, watchView } from '../watch-view.ts';

interface RecordOptions extends GlobalOptions {
  artefact: string[];
  schema?: string;
  at?: string;
}

interface JudgeOptions extends GlobalOptions {
  incident?: string;
}

const INCIDENT = 'default: the open one, or the record of the month';

export function addRelease(program: Command, run: Runner): void {
  const release = program
    .command('release')
    .description('what was deployed, and how it turned out');
  release.command('list').description('recorded releases, newest first').action(run(list));
  release
    .command('kept')
    .description('the good releases that stay ready, and whether the platform still has them')
    .action(run(kept));
  release
    .command('gate')
    .description(
      'for pipelines, before a deployment: refuse what is held, and any during a rollback',
    )
    .argument('<tag>')
    .action(run(gate));
  release
    .command('record')
    .description('for pipelines, after a deployment: record that a tag went live now')
    .argument('<tag>')
    .option(
      '--artefact <target=id>',
      'what the platform calls its artefact: a digest, a version (may be repeated)',
      (one: string, all: string[]) => [...all, one],
      [],
    )
    .option('--schema <version>', 'version of the database schema that it runs on')
    .option('--at <time>', 'when it was live, UTC, if that was before Backout was there')
    .action(run(saveRelease));
  release
    .command('bake')
    .description('watch what went live for the whole bake; good when every round passed')
    .argument('<tag>')
    .action(run(bake));
  release
    .command('good')
    .description('mark a recorded release as good by hand')
    .argument('<tag>')
    .option('--incident <id>', INCIDENT)
    .action(run(good));
  release
    .command('hold')
    .description('never deploy or choose this release again')
    .argument('<tag>')
    .requiredOption('--reason <text>', 'why, 10 to 2,000 characters')
    .option('--incident <id>', INCIDENT)
    .action(run(hold));
  release
    .command('unhold')
    .description('end a hold')
    .argument('<tag>')
    .requiredOption('--reason <text>', 'why it may be deployed again, 10 to 2,000 characters')
    .option('--incident <id>', INCIDENT)
    .action(run(unhold));
}

async function list(options: GlobalOptions) {
  return await withService(options, { need: 'assess' }, async ({ service, out }) => {
    const releases = await service.ports.releases.list(service.ports.scope);
    const head = ['  release', 'status', 'deployed'];
    const rows = releases
      .toSorted((a, b) => (a.deployedAt < b.deployedAt ? 1 : -1))
      .map(({ tag, status, deployedAt, hold: held }) => [
        `  ${tag}`,
        status,
        `${formatInstant(deployedAt)}${held === undefined ? '' : `, held: ${held.reason}`}`,
      ]);
    out.result(
      { releases },
      rows.length === 0 ? 'No release is recorded.' : table([head, ...rows]),
    );
    return EXIT.done;
  });
}

async function kept(options: GlobalOptions) {
  return await withService(options, { need: 'assess' }, async ({ service, out }) => {
    const wanted = service.config.releases.keep_good;
    const found = await keptReleases(service.ports, wanted);
    const states = found.flatMap(({ artefacts }) => artefacts.map(({ state }) => state));
    const rows = found.flatMap(({ release: { tag, deployedAt }, artefacts }) =>
      artefacts.map(({ target, state, detail }) => [
        `  ${tag}`,
        target,
        state,
        `live ${formatInstant(deployedAt)}${detail === '' ? '' : `; ${detail}`}`,
      ]),
    );
    const head = ['  release', 'target', 'artefact', ''];
    out.result(
      { wanted, kept: found },
      [
        ...(rows.length === 0 ? [] : [table([head, ...rows]), '']),
        wrap(`${found.length} of ${wanted} good releases that stay ready (releases.keep_good).`),
      ].join('\n'),
    );
    if (states.some((state) => state !== 'there' && state !== 'unknown')) return EXIT.failed;
    return states.includes('unknown') ? EXIT.uncertain : EXIT.done;
  });
}

async function gate(tag: string, options: GlobalOptions) {
  requireTagFormat(tag);
  return await withService(options, { need: 'assess' }, async ({ service, out }) => {
    await gateDeployment(service.ports, tag);
    out.result({ tag, allowed: true }, `${tag} may be deployed: not held, and no rollback runs.`);
    return EXIT.done;
  });
}

async function saveRelease(tag: string, options: RecordOptions) {
  requireTagFormat(tag);
  return await withService(options, { need: 'assess' }, async ({ service, out, user }) => {
    const now = service.ports.clock.now();
    const at =
      options.at === undefined
        ? undefined
        : new Date(readPastTime(options.at, now, 'Nothing was recorded.')).toISOString();
    const details: ReleaseDetails = {
      ...detailsOfConfig(service.config, service.ports.facts.configHash),
      ...readArtefacts(options.artefact, service.config.targets),
      ...readSchemaVersion(options.schema),
      actor: user,
    };
    const { release, problems } = await recordRelease(service.ports, tag, details, at);
    out.result(
      { ...release, problems },
      [
        at === undefined
          ? `${tag} (${release.commit.slice(0, 10)}) is recorded as live since now.`
          : `${tag} (${release.commit.slice(0, 10)}) is recorded; it was last live ${formatInstant(release.deployedAt)}.`,
        ...problems.map((problem) => labelled('Problem', problem)),
      ].join('\n'),
    );
    return problems.length === 0 ? EXIT.done : EXIT.uncertain;
  });
}

async function bake(tag: string, options: GlobalOptions) {
  requireTagFormat(tag);
  return await withService(options, { need: 'validate' }, async (context) => {
    const { service, out } = context;
    const { durationMs } = service.ports.facts.bake;
    using view = watchView(context, tag, durationMs);
    const baked = await bakeRelease(service.ports, tag, {
      signal: stopSignal(context, durationMs),
      onRound: (round) => view.show(round),
    });
    const { status, result, problem } = baked;
    out.result(
      baked,
      [
        renderChecklist(result, { safeState: false }),
        '',
        wrap(`${tag} is ${status === 'good' ? 'marked good' : 'NOT proven good'}.`),
        ...(problem === undefined ? [] : [labelled('Problem', problem)]),
      ].join('\n'),
    );
    return problem === undefined ? exitCodeOfVerdict(result.verdict) : EXIT.failed;
  });
}

async function good(tag: string, options: JudgeOptions) {
  requireTagFormat(tag);
  return await withService(options, { need: 'assess' }, async ({ service, out, user }) => {
    const { incident } = await markGood(service.ports, {
      tag,
      actor: user,
      ...inIncident(options),
    });
    out.result({ tag, status: 'good', incident }, `${tag} is marked good.`);
    return EXIT.done;
  });
}

async function hold(tag: string, options: JudgeOptions & { reason: string }) {
  requireTagFormat(tag);
  return await withService(options, { need: 'assess' }, async ({ service, out, user }) => {
    const reason = checkReason(options.reason, user);
    const judgement = { tag, actor: user, reason, ...inIncident(options) };
    const { incident, hold: counts } = await holdRelease(service.ports, judgement);
    const isFirst = counts.reason === reason && counts.by === user;
    const text = isFirst
      ? `${tag} is held: ${reason}`
      : `${tag} is ${describeHold(counts)}. That hold stands; your reason is in the journal (${incident ?? ''}).`;
    out.result({ tag, held: true, incident, hold: counts }, wrap(text));
    return EXIT.done;
  });
}

async function unhold(tag: string, options: JudgeOptions & { reason: string }) {
  requireTagFormat(tag);
  return await withService(options, { need: 'assess' }, async ({ service, out, user }) => {
    const reason = checkReason(options.reason, user);
    const judgement = { tag, actor: user, reason, ...inIncident(options) };
    const { incident, was } = await endHold(service.ports, judgement);
    const ended =
      was === undefined
        ? [wrap(`${tag} is not held. Nothing was changed.`)]
        : [
            wrap(`${tag} is no longer held. It was ${describeHold(was.hold)}.`),
            ...(was.status === 'good'
              ? []
              : [
                  labelled('Proven', `no: nothing goes back to it before \`backout release bake\``),
                ]),
          ];
    out.result({ tag, held: false, incident, was: was?.hold }, ended.join('\n'));
    return EXIT.done;
  });
}

function inIncident({ incident }: JudgeOptions): { incident?: string } {
  return incident === undefined ? {} : { incident };
}

/** `held since … by alice in incident …: it charged twice`. */
function describeHold(held: Hold | undefined): string {
  if (held === undefined) return 'marked bad';
  const where = held.incident === undefined ? '' : ` in incident ${held.incident}`;
  return `held since ${formatInstant(held.at)} by ${held.by}${where}: ${withoutStop(held.reason)}`;
}

function withoutStop(text: string): string {
  return text.replace(/[.\s]+$/, '');
}
