import type { NewEntry } from '../../../src/model/journal.ts';
import type { Json, JsonObject } from '../../../src/model/json.ts';
import { readPlan } from '../../../src/model/plan.ts';
import type { ReleaseRef } from '../../../src/ports/target.ts';
import type { Process } from '../process.ts';
import type { View, World, Write } from '../world.ts';
import type { Complain, Watch } from './invariant.ts';

/** A reading may come from a copy that lags behind: so old can be what it proves. */
const STALE_MS = 3_000;

/**
 * I2: done is only said of what was read back after it was asked for, and is true.
 * I5: no change is asked for before its intent is kept.
 * I10: what the journal has as done is not done again.
 * I12: what may have happened is not tried again before a reading says that it did not.
 * I14: a stage passes by measurements only, all of them passed.
 */
export function stepsAreProven(world: World, complain: Complain): Watch {
  const actions = new Map<string, JsonObject>();
  const verdicts = new Map<string, string>();
  const executions = new Map<Process, { id: string; at: number; exclusive: boolean }>();

  /** When it read what it goes by: later readings, such as of who leads, change no decision. */
  function readAtOf(process: Process): number {
    return Math.min(process.journalReadAt ?? 0, executions.get(process)?.at ?? Infinity);
  }

  /** What the journal had of a step when the process read it, newest last. */
  function knownOf(process: Process, step: string): NewEntry[] {
    const readAt = readAtOf(process);
    const execution = executions.get(process)?.id;
    return world.entries.flatMap(({ at, entry }) =>
      at <= readAt && entry.data['execution'] === execution && entry.data['step'] === step
        ? [entry]
        : [],
    );
  }

  function checkDone(process: Process, entry: NewEntry, step: string): void {
    const store = storeOf(step);
    if (store === undefined) return;
    const reading = process.readings.get(store);
    const asked = process.writes.get(store) ?? process.startedAt;
    if (reading?.value === undefined || reading.at < asked) {
      return complain('I2', `${process.name} says that ${step} is done without a reading of it.`);
    }
    const happened = store === 'cache' || store.startsWith('service:');
    if (
      happened &&
      !world.maintained.some((one) => one.what === step && one.at >= process.startedAt)
    ) {
      complain('I2', `${process.name} says that ${step} is done, which did not happen.`);
    }
    const action = actions.get(`${textOf(entry.data['execution'])}/${step}`);
    for (const claim of claimsOf(step, entry.incident, action)) {
      const at = world.lastTrue.get(claim) ?? 0;
      if (at >= process.startedAt - STALE_MS) continue;
      complain('I2', `${process.name} says that ${step} is done, but ${claim} is not true.`);
    }
  }

  function checkIntent(process: Process, step: string): void {
    if (isKnownDone(knownOf(process, step)))
      complain('I10', `${process.name} does ${step} again, which it could read was done.`);
  }

  function checkSecondTry(process: Process, step: string, tag: string | undefined): void {
    const store = storeOf(step);
    // What this machine has on its disk is read together with the journal.
    const execution = executions.get(process)?.id;
    const readAt = readAtOf(process);
    const left = world.acknowledged.flatMap(({ at, process: by, entry }) => {
      const seen = at <= readAt && by.actor === process.actor;
      return seen && entry.data['execution'] === execution ? [entry] : [];
    });
    const known = [...knownOf(process, step), ...left.filter(({ data }) => data['step'] === step)];
    const last = known.toSorted(byAttempt).at(-1);
    const open = last?.kind === 'intent' || last?.data['outcome'] === 'unknown';
    if (!open || store === undefined || store === 'releases') return;
    const reading = process.readings.get(store);
    const begun = executions.get(process)?.at ?? process.startedAt;
    const looked = reading?.value !== undefined && reading.at >= begun;
    const live =
      tag === undefined ? undefined : (reading?.value as { tag?: string } | undefined)?.tag;
    if (looked && (tag === undefined || (live !== undefined && live !== tag))) return;
    complain('I12', `${process.name} does ${step} again without knowing that it is not done.`);
  }

  return {
    statement(process, entry) {
      const { kind, data } = entry;
      const { execution, step, stage } = data;
      if (kind === 'execution-started' && typeof execution === 'string') {
        executions.set(process, {
          id: execution,
          at: world.scheduler.now(),
          exclusive: (readPlan(data['plan'])?.resources ?? []).length > 0,
        });
        process.intents.clear();
      }
      if (kind === 'verdict') {
        verdicts.set(`${process.name}/${textOf(stage)}`, textOf(data['verdict']));
        checkVerdict(process, data, complain);
      }
      if (typeof step !== 'string') return;
      if (kind === 'intent') {
        const { action } = data;
        actions.set(`${textOf(execution)}/${step}`, action as JsonObject);
        checkIntent(process, step);
      }
      if (kind !== 'outcome' || data['outcome'] !== 'done') return;
      checkDone(process, entry, step);
      const of = /^validate:(.*)$/.exec(step)?.[1];
      if (of !== undefined && verdicts.get(`${process.name}/${of}`) !== 'passed') {
        complain('I14', `${process.name} says that ${of} passed; nothing was measured so.`);
      }
    },
    request(process, store, op, args) {
      if (!['alarm', 'rollback', 'resume', 'return', 'maintain'].includes(process.task.kind))
        return;
      const steps = stepsOf(store, op, args);
      if (steps.length === 0) return;
      const kept = steps.map((step) => process.intents.get(step));
      // What needs no exclusive right acts even where nothing can be recorded; the rest does not.
      const atOnce = executions.get(process)?.exclusive === false;
      const enough = atOnce ? kept.some(Boolean) : kept.includes('journal');
      if (!enough) complain('I5', `${process.name} asks for ${store}.${op} without an intent.`);
      const [step = ''] = steps;
      checkSecondTry(process, step, store === 'target' ? (args[1] as ReleaseRef).tag : undefined);
    },
    landed: (write, before, after) => checkRelease(write, before, after, complain),
    report(process, { kind, value }) {
      const claims: string[] = [];
      if (kind === 'recover') {
        const { closed } = value as { closed: string[] };
        claims.push(...closed.map((provider) => `closed:${provider}`));
      }
      if (kind === 'lift') claims.push(`lifted:${(value as { incident: string }).incident}`);
      if (kind === 'trip') claims.push('open:stripe');
      for (const claim of claims) {
        if ((world.lastTrue.get(claim) ?? 0) >= process.startedAt - STALE_MS) continue;
        complain('I2', `${process.name} reports ${claim}, which is not true.`);
      }
    },
  };
}

/**
 * A step is done when its newest attempt says so. Level flags holds no lease: an outcome that comes
 * after somebody else began again may be older than what that attempt did, so it is read back.
 */
function isKnownDone(entries: readonly NewEntry[]): boolean {
  let newest = 0;
  for (const { kind, data } of entries) {
    const attempt = Number(data['attempt']);
    if (kind === 'intent') newest = Math.max(newest, attempt);
    if (kind === 'outcome' && data['outcome'] === 'done' && attempt >= newest) return true;
  }
  return false;
}

/** The store in which a step's effect is read back; undefined where there is no effect. */
function storeOf(step: string): string | undefined {
  if (step === 'engage-override') return 'flags';
  if (step === 'trip-breakers') return 'breakers';
  if (['record-release', 'hold-release', 'end-hold'].includes(step)) return 'releases';
  if (step.startsWith('set:')) return 'flags';
  if (step.startsWith('flush:')) return 'cache';
  if (step.startsWith('restart:')) return `service:${step.slice('restart:'.length)}`;
  return step.startsWith('deploy:') ? `target:${step.slice('deploy:'.length)}` : undefined;
}

/** The steps that an asked-for change can belong to. */
function stepsOf(store: string, op: string, args: readonly unknown[]): string[] {
  switch (`${store}.${op}`) {
    case 'flags.engage':
      return ['engage-override'];
    case 'breakers.trip':
      return ['trip-breakers'];
    case 'target.apply':
      return [`deploy:${String(args[0])}`];
    case 'flags.setBase':
      return ['set:safe', 'set:default'];
    case 'cache.flush':
      return ['flush:readings'];
    case 'service.restart':
      return [`restart:${String(args[0])}`];
    case 'releases.record':
      return ['record-release', 'hold-release'];
    case 'releases.hold':
      return [args[1] === undefined ? 'end-hold' : 'hold-release'];
    case 'releases.mark':
      return ['hold-release'];
    default:
      return [];
  }
}

function claimsOf(step: string, incident: string, action: JsonObject | undefined): string[] {
  const { tag, target, expect, providers, flag, value } = action ?? {};
  if (step === 'engage-override')
    return namesOf(expect).map((group) => `safe:${incident}:${group}`);
  if (step === 'trip-breakers') return namesOf(providers).map((provider) => `open:${provider}`);
  if (step.startsWith('set:')) return [`base:${textOf(flag)}:${JSON.stringify(value)}`];
  if (step.startsWith('flush:') || step.startsWith('restart:')) return [];
  if (step === 'record-release') return [`recorded:${textOf(tag)}`];
  if (step === 'hold-release') return [`held:${textOf(tag)}`];
  if (step === 'end-hold') return [`free:${textOf(tag)}`];
  return action === undefined ? [] : [`live:${textOf(target)}:${textOf(tag)}`];
}

function checkVerdict(process: Process, data: JsonObject, complain: Complain): void {
  if (data['verdict'] !== 'passed') return;
  const measured = Array.isArray(data['measurements']) ? data['measurements'] : [];
  const good = measured.filter(
    (one) =>
      one !== null && typeof one === 'object' && 'verdict' in one && one['verdict'] === 'passed',
  );
  if (measured.length > 0 && good.length === measured.length) return;
  complain(
    'I14',
    `${process.name}: ${textOf(data['stage'])} passed on ${good.length} of ${measured.length}.`,
  );
}

/** I13 for release records: a time never goes back, and bad stays bad until somebody ends the hold. */
function checkRelease(write: Write, before: View, after: View, complain: Complain): void {
  if (write.store !== 'releases') return;
  for (const next of after.releases) {
    const last = before.releases.find(({ tag }) => tag === next.tag);
    if (last === undefined) continue;
    const unheld = write.op === 'hold' && write.args[1] === undefined;
    if (next.deployedAt < last.deployedAt)
      complain('I13', `${next.tag} went live earlier than it did.`);
    if (last.status === 'bad' && next.status !== 'bad' && !unheld) {
      complain('I13', `${next.tag} was bad and is ${next.status}.`);
    }
    if (last.hold !== undefined && next.hold === undefined && !unheld) {
      complain('I13', `The hold of ${next.tag} is gone.`);
    }
  }
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '?');

const namesOf = (list: Json | undefined): string[] => (Array.isArray(list) ? list.map(textOf) : []);

/** By attempt; of one attempt its outcomes last. */
function byAttempt(a: NewEntry, b: NewEntry): number {
  const attempts = Number(a.data['attempt']) - Number(b.data['attempt']);
  return attempts === 0 ? Number(b.kind === 'intent') - Number(a.kind === 'intent') : attempts;
}
