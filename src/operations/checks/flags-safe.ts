import type { Measurement } from '../../model/check.ts';
import { type Judgement, unanswered } from '../../model/expectation.ts';
import { effectiveFlags, type FlagSnapshot } from '../../model/flags.ts';
import { isProven, proveFlags } from '../../model/instance.ts';
import type { Breakers } from '../../ports/breakers.ts';
import type { Check } from '../../ports/checks.ts';
import { type Clock, timestamp, within } from '../../ports/clock.ts';
import type { FlagStore } from '../../ports/flags.ts';

export interface FlagsSafeOptions {
  name: string;
  stages: readonly string[];
  flags: Pick<FlagStore, 'read'>;
  /** Groups that must be safe; `all` = every group that has safe values. */
  groups: 'all' | readonly string[];
  /** When given, every running instance must also have acknowledged the present state. */
  acknowledged?: { breakers: Breakers; silentAfterMs: number } | undefined;
  timeoutMs: number;
  clock: Clock;
}

/**
 * Whether every flag that has a safe value is at it, for as long as the safe state is on. It does
 * not apply when the safe state is off.
 *
 * It reads the stores again instead of believing the step that wrote them: that override may have
 * been lifted, or narrowed by hand, since.
 */
export function flagsSafeCheck(options: FlagsSafeOptions): Check {
  const { name, stages, clock } = options;
  return {
    name,
    stages,
    async run({ safeState }): Promise<Measurement | undefined> {
      if (!safeState) return undefined;
      const start = clock.now();
      const judgement = await within(clock, options.timeoutMs, () => judge(options)).catch(
        (error: unknown) => unanswered(error),
      );
      return { check: name, ...judgement, duration_ms: clock.now() - start, at: timestamp(clock) };
    },
  };
}

async function judge(options: FlagsSafeOptions): Promise<Judgement> {
  const stored = judgeFlags(await options.flags.read(), options.groups);
  if (stored.verdict !== 'passed' || options.acknowledged === undefined) return stored;
  const { breakers, silentAfterMs } = options.acknowledged;
  const [{ epoch }, instances] = await Promise.all([breakers.read(), breakers.instances()]);
  const proof = proveFlags(epoch, instances, options.clock.now(), silentAfterMs);
  if (isProven(proof)) {
    const count = proof.acknowledged.length;
    return { verdict: 'passed', reason: `${stored.reason} Acknowledged by ${count} instances.` };
  }
  if (proof.laggards.length > 0) {
    const who = proof.laggards.join(', ');
    return { verdict: 'failed', reason: `Not acknowledged by ${who}: still on older state.` };
  }
  const silent = proof.silent.length === 0 ? '' : ` Silent: ${proof.silent.join(', ')}.`;
  return { verdict: 'inconclusive', reason: `No running instance acknowledged.${silent}` };
}

function judgeFlags(snapshot: FlagSnapshot, groups: 'all' | readonly string[]): Judgement {
  const flags = effectiveFlags(snapshot).filter(
    ({ group, safe }) => safe !== undefined && (groups === 'all' || groups.includes(group)),
  );
  if (flags.length === 0) {
    return { verdict: 'inconclusive', reason: 'No flag of these groups has a safe value.' };
  }
  const unsafe = flags.filter(({ heldBy, value, safe }) => heldBy.length === 0 || value !== safe);
  if (unsafe.length > 0) {
    const names = unsafe.map(({ group, name }) => `${group}.${name}`).join(', ');
    return { verdict: 'failed', reason: `Not held at their safe values: ${names}.` };
  }
  const unreadable = snapshot.overrides.filter(({ mode }) => mode === 'unreadable');
  const note =
    unreadable.length === 0
      ? ''
      : ` The override of ${unreadable.map(({ incident }) => incident).join(', ')} cannot be read and counts as everything safe.`;
  return { verdict: 'passed', reason: `${flags.length} flags are at their safe values.${note}` };
}
