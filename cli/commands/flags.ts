import type { Command } from 'commander';
import { BackoutError } from '../../src/model/error.ts';
import { effectiveFlags, type FlagValue } from '../../src/model/flags.ts';
import { isProven, proveFlags } from '../../src/model/instance.ts';
import { formatEpoch } from '../../src/model/breaker.ts';
import { findIncident, requireIncident } from '../../src/operations/incidents.ts';
import { record } from '../../src/operations/journal-writer.ts';
import { liftOverride } from '../../src/operations/lift-override.ts';
import { publishFlags } from '../../src/operations/publish-flags.ts';
import { SILENT_AFTER_MS } from '../../src/operations/proof-times.ts';
import { checkReason } from '../../src/model/typed-text.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { addFlagTest } from './flags-test.ts';
import { labelled, nextLine, table } from '../render/text.ts';
import { formatInstant } from '../render/time.ts';

export function addFlags(program: Command, run: Runner): void {
  const flags = program.command('flags').description('feature flags and the safe state');
  flags.command('list').description('effective values, and what holds them').action(run(list));
  flags
    .command('set')
    .description('change one base value; an override in force stays on top of it')
    .argument('<flag>', 'name of the flag')
    .argument('<value>', 'true, false, a number, or a text')
    .action(run(set));
  flags
    .command('publish')
    .description('publish the flags of backout.yml: missing base values, and the safe values')
    .action(run(publish));
  flags
    .command('lift')
    .description('end the safe state of an incident (by a named person only)')
    .requiredOption('--by <name>', 'who lifts it')
    .option('--reason <text>', 'why it is safe now')
    .option('--incident <id>', 'default: the open one')
    .action(run(lift));
  flags
    .command('proof')
    .description('which running instances have taken the present state over')
    .action(run(proof));
  addFlagTest(flags, run);
}

async function list(options: GlobalOptions) {
  return await withService(options, { need: 'flags' }, async ({ service, out }) => {
    const snapshot = await service.ports.flags.read();
    const flags = effectiveFlags(snapshot);
    const live = snapshot.overrides.filter(({ mode }) => mode !== 'lifted');
    const head = ['  flag', 'value', 'group', 'why'];
    const rows = flags.map((flag) => [
      `  ${flag.name}`,
      String(flag.value),
      flag.group,
      flag.heldBy.length === 0
        ? 'base value'
        : `held safe by ${flag.heldBy.join(', ')}; base ${String(flag.base ?? 'not set')}`,
    ]);
    const overrides = live.map((override) =>
      override.mode === 'safe'
        ? `ON since ${formatInstant(override.since)}, incident ${override.incident}, by ${override.by}: ${override.reason}`
        : `ON: the override of incident ${override.incident} cannot be read, which counts as everything safe`,
    );
    const text = [
      rows.length === 0
        ? 'No flag is published yet: `backout flags publish`.'
        : table([head, ...rows]),
      '',
      ...(overrides.length === 0 ? ['off'] : overrides).map((one) => labelled('Safe', one)),
    ].join('\n');
    out.result({ flags, overrides: snapshot.overrides }, text);
    return EXIT.done;
  });
}

async function set(name: string, text: string, options: GlobalOptions) {
  return await withService(options, { need: 'flags' }, async ({ service, out, user }) => {
    const { ports } = service;
    const snapshot = await ports.flags.read();
    const flag = effectiveFlags(snapshot).find((one) => one.name === name);
    if (flag === undefined) {
      throw new BackoutError({
        code: 'E_FLAG',
        kind: 'usage',
        message: `There is no flag ${JSON.stringify(name.slice(0, 80))}.`,
        remedy: 'See `backout flags list`. Flags are named one by one, without wildcards.',
      });
    }
    const value = readValue(text, flag.base ?? flag.safe);
    const { previous } = await ports.editor.setBase(flag.group, name, value);
    const incident = await findIncident(ports, undefined).catch(() => undefined);
    if (incident !== undefined) {
      await record(ports, {
        incident: incident.id,
        key: `flag/${name}/${ports.ids.next()}`,
        kind: 'note',
        actor: user,
        text: `Base value of ${name} changed from ${String(previous)} to ${String(value)}.`,
        data: { flag: name, previous, value },
      });
    }
    const held = flag.heldBy.length > 0;
    out.result(
      { flag: name, previous, value, held_by: flag.heldBy },
      [
        `${name}: base value ${String(previous)} → ${String(value)}`,
        ...(held
          ? [`It stays ${String(flag.value)} while ${flag.heldBy.join(', ')} holds it safe.`]
          : []),
      ].join('\n'),
    );
    return EXIT.done;
  });
}

/** A value keeps the type it has. @throws BackoutError E_FLAG_VALUE */
function readValue(text: string, like: FlagValue | undefined): FlagValue {
  const value = text === 'true' ? true : text === 'false' ? false : numberOr(text);
  if (like === undefined || typeof value === typeof like) return value;
  if (typeof like === 'string') return text;
  throw new BackoutError({
    code: 'E_FLAG_VALUE',
    kind: 'usage',
    message: `${JSON.stringify(text)} is not a ${typeof like}, which this flag is.`,
    remedy: typeof like === 'boolean' ? 'Write true or false.' : 'Write a number.',
  });
}

function numberOr(text: string): number | string {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

async function publish(options: GlobalOptions) {
  return await withService(options, { need: 'flags' }, async ({ service, out }) => {
    const { groups } = service.config.flags;
    const published = await publishFlags(service.ports.editor, groups);
    const text = published.map(({ group, flags }) => `${group}: ${flags} flags`).join('\n');
    out.result({ published }, text === '' ? 'backout.yml has no flags.' : `Published\n${text}`);
    return EXIT.done;
  });
}

async function lift(options: GlobalOptions & { by: string; reason?: string; incident?: string }) {
  return await withService(options, { need: 'recover' }, async ({ service, out, again }) => {
    const person = options.by.trim();
    if (person.length < 2) {
      throw new BackoutError({
        code: 'E_PERSON',
        kind: 'usage',
        message: 'The safe state is lifted by a named person only.',
        state: 'The flags stay at their safe values.',
        remedy: 'Give your name: --by NAME.',
      });
    }
    const reason = checkReason(options.reason, person);
    const incident = await requireIncident(service.ports, options.incident);
    const acknowledgeWithinMs = service.config.flags.acknowledge_within;
    const request = { incident: incident.id, person, reason, acknowledgeWithinMs };
    const result = await liftOverride(service.ports, request);
    const { overrides } = await service.ports.flags.read();
    const holding = overrides.filter(({ mode }) => mode !== 'lifted').map((one) => one.incident);
    const proven = result.proof !== undefined && isProven(result.proof);
    const by = result.proof?.acknowledged.join(', ') ?? '';
    const behind = [...(result.proof?.laggards ?? []), ...(result.proof?.silent ?? [])];
    out.result(
      result,
      [
        `SAFE STATE LIFTED: incident ${incident.id}${result.changed ? '' : ' (it was already)'}`,
        ...(holding.length === 0 ? [] : [`It is still ON for incident ${holding.join(', ')}.`]),
        '',
        labelled('Off', result.stillOff.join(', ') || 'nothing'),
        labelled(
          'Proof',
          proven ? `acknowledged by ${by}` : `not yet by ${behind.join(', ') || 'anybody'}`,
        ),
        ...result.problems.map((problem) => labelled('Problem', problem)),
        nextLine(again(`backout incident close ${incident.id}`)),
      ].join('\n'),
    );
    return proven ? EXIT.done : EXIT.uncertain;
  });
}

async function proof(options: GlobalOptions) {
  return await withService(options, { need: 'flags' }, async ({ service, out }) => {
    const { breakers, clock } = service.ports;
    const { epoch } = await breakers.read();
    const found = proveFlags(epoch, await breakers.instances(), clock.now(), SILENT_AFTER_MS);
    const rows = [
      ...found.acknowledged.map((id) => [`  ${id}`, 'acknowledged']),
      ...found.laggards.map((id) => [`  ${id}`, 'alive, but still on older state']),
      ...found.silent.map((id) => [`  ${id}`, 'silent: stopped, or cut off']),
    ];
    const proven = isProven(found);
    out.result(
      { ...found, proven },
      [
        `State ${formatEpoch(epoch)}: ${proven ? 'taken over by everybody alive' : 'NOT proven'}`,
        rows.length === 0 ? '  no instance reports at all' : table(rows),
      ].join('\n'),
    );
    return proven ? EXIT.done : EXIT.uncertain;
  });
}
