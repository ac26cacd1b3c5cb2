import type { Command } from 'commander';
import { type ReleaseDetails, requireTagFormat } from '../../src/model/release.ts';
import { checkReason } from '../../src/model/typed-text.ts';
import { bakeRelease } from '../../src/operations/bake-release.ts';
import { gateDeployment } from '../../src/operations/gate-deployment.ts';
import { noteDeed } from '../../src/operations/month-record.ts';
import { recordRelease } from '../../src/operations/record-release.ts';
import { timestamp } from '../../src/ports/clock.ts';
import { detailsOfConfig, readArtefacts } from '../../src/wiring/release-details.ts';
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
}

export function addRelease(program: Command, run: Runner): void {
  const release = program
    .command('release')
    .description('what was deployed, and how it turned out');
  release.command('list').description('recorded releases, newest first').action(run(list));
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
    .action(run(markGood));
  release
    .command('hold')
    .description('never deploy or choose this release again')
    .argument('<tag>')
    .requiredOption('--reason <text>', 'why, 10 to 2,000 characters')
    .action(run(hold));
  release
    .command('unhold')
    .description('end a hold')
    .argument('<tag>')
    .requiredOption('--reason <text>', 'why it may be deployed again, 10 to 2,000 characters')
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
    const details: ReleaseDetails = {
      ...detailsOfConfig(service.config, service.ports.facts.configHash),
      ...readArtefacts(options.artefact, service.config.targets),
      ...(options.schema === undefined ? {} : { schemaVersion: options.schema }),
      actor: user,
    };
    const { release, problems } = await recordRelease(service.ports, tag, details);
    out.result(
      { ...release, problems },
      [
        `${tag} (${release.commit.slice(0, 10)}) is recorded as live since now.`,
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

async function markGood(tag: string, options: GlobalOptions) {
  requireTagFormat(tag);
  return await withService(options, { need: 'assess' }, async ({ service, out }) => {
    const { ports } = service;
    await ports.releases.mark(ports.scope, tag, 'good');
    out.result({ tag, status: 'good' }, `${tag} is marked good.`);
    return EXIT.done;
  });
}

async function hold(tag: string, options: GlobalOptions & { reason: string }) {
  requireTagFormat(tag);
  return await withService(options, { need: 'assess' }, async ({ service, out, user }) => {
    const { ports } = service;
    const reason = checkReason(options.reason, user);
    await ports.releases.hold(ports.scope, tag, { reason, by: user, at: timestamp(ports.clock) });
    const text = `${tag} is held: ${reason}`;
    const deed = { actor: user, text, reason, data: { tag, held: true } };
    const incident = await noteDeed(ports, deed);
    out.result({ tag, held: true, incident }, text);
    return EXIT.done;
  });
}

async function unhold(tag: string, options: GlobalOptions & { reason: string }) {
  requireTagFormat(tag);
  return await withService(options, { need: 'assess' }, async ({ service, out, user }) => {
    const { ports } = service;
    const reason = checkReason(options.reason, user);
    await ports.releases.hold(ports.scope, tag, undefined);
    const text = `${tag} is no longer held.`;
    const deed = { actor: user, text: `${text} ${reason}`, reason, data: { tag, held: false } };
    const incident = await noteDeed(ports, deed);
    out.result({ tag, held: false, incident }, text);
    return EXIT.done;
  });
}
