import type { Command } from 'commander';
import { tagNotFound } from '../../src/model/nearest.ts';
import { requireTagFormat } from '../../src/model/release.ts';
import { timestamp } from '../../src/ports/clock.ts';
import { checkReason } from '../../src/model/typed-text.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { table } from '../render/text.ts';
import { formatInstant } from '../render/time.ts';

export function addRelease(program: Command, run: Runner): void {
  const release = program
    .command('release')
    .description('what was deployed, and how it turned out');
  release.command('list').description('recorded releases, newest first').action(run(list));
  release
    .command('record')
    .description('record that a tag went live now')
    .argument('<tag>')
    .action(run(recordRelease));
  release
    .command('good')
    .description('mark a recorded release as good: its bake passed')
    .argument('<tag>')
    .action(run(markGood));
  release
    .command('hold')
    .description('never deploy or choose this release again')
    .argument('<tag>')
    .requiredOption('--reason <text>', 'why, 10 to 2,000 characters')
    .action(run(hold));
  release.command('unhold').description('end a hold').argument('<tag>').action(run(unhold));
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

async function recordRelease(tag: string, options: GlobalOptions) {
  requireTagFormat(tag);
  return await withService(options, { need: 'assess' }, async ({ service, out }) => {
    const { ports } = service;
    const tags = await ports.repository.tags();
    const found = tags.find(({ name }) => name === tag);
    if (found === undefined) {
      throw tagNotFound(
        tag,
        tags.map(({ name }) => name),
      );
    }
    const at = timestamp(ports.clock);
    const recorded = await ports.releases.record(ports.scope, { tag, commit: found.commit, at });
    out.result(recorded, `${tag} (${found.commit.slice(0, 10)}) is recorded as live since now.`);
    return EXIT.done;
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
    out.result({ tag, held: true }, `${tag} is held: ${reason}`);
    return EXIT.done;
  });
}

async function unhold(tag: string, options: GlobalOptions) {
  requireTagFormat(tag);
  return await withService(options, { need: 'assess' }, async ({ service, out }) => {
    const { ports } = service;
    await ports.releases.hold(ports.scope, tag, undefined);
    out.result({ tag, held: false }, `${tag} is no longer held.`);
    return EXIT.done;
  });
}
