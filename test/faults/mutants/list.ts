import type { Rule } from '../../simulator/invariants/invariant.ts';
import type { TextChange } from '../../simulator/programs/load-hooks.ts';

/** A bug that somebody could really make, and the invariants that have to find it. */
export interface Mutant extends TextChange {
  name: string;
  breaks: readonly Rule[];
  why: string;
}

/** Planted one at a time, when the module is loaded; the tree is never changed. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'lease-without-fencing',
    file: 'src/adapters/memory/leases.ts',
    find: 'row.fence : (row?.fence ?? 0) + 1,',
    replace: 'row.fence : (row?.fence ?? 1),',
    breaks: ['I3'],
    why: 'A holder that slept through its lease cannot be told from the one that has it now.',
  },
  {
    name: 'fence-not-checked',
    file: 'src/adapters/memory/target.ts',
    find: 'if (fence < highestFence) throw',
    replace: 'if (fence < 0) throw',
    breaks: ['I3'],
    why: 'A change of an overtaken holder arrives late and wins.',
  },
  {
    name: 'lease-not-proven',
    file: 'src/adapters/memory/leases.ts',
    find: '.filter(({ ours, now }) => now === undefined || !isSame(ours, now));',
    replace: '.filter(({ now }) => now !== undefined && now.holder === "");',
    breaks: ['I3'],
    why: 'A renewal brings back a right that somebody else has by now.',
  },
  {
    name: 'override-clobbered',
    file: 'src/model/flags.ts',
    find: '{ ...wanted, groups: [...existing.groups, ...missing] };',
    replace: 'wanted;',
    breaks: ['I1'],
    why: 'Two alarms of one incident: the last writer wins, and the flags of the first come on.',
  },
  {
    name: 'older-lift-wins',
    file: 'src/model/override-rules.ts',
    find: "if (existing?.mode === 'safe' && isLater(existing.since, wanted.since)) {",
    replace: "if (existing?.mode === 'safe' && existing.since === '') {",
    breaks: ['I1'],
    why: 'A lift that was decided before an alarm ends what the alarm asked for.',
  },
  {
    name: 'later-request-forgotten',
    file: 'src/model/override-rules.ts',
    find: 'const since = later ? wanted.since : existing.since;',
    replace: 'const since = existing.since;',
    breaks: ['I1'],
    why: 'An emergency is told that it has the safe state, and an older lift then ends it.',
  },
  {
    name: 'stale-alarm-beats-tombstone',
    file: 'src/model/override-rules.ts',
    find: "if (existing?.mode === 'lifted' && !isLater(wanted.since, existing.since)) {\n    return { kind: 'stale'",
    replace: "if (existing?.since === '') {\n    return { kind: 'stale'",
    breaks: ['I13'],
    why: 'The second copy of an alarm undoes what a person decided since.',
  },
  {
    name: 'unknown-is-success',
    file: 'src/operations/judge-step.ts',
    find: "return { outcome: 'unknown', problem: `${said}${detail}` };",
    replace: "return { outcome: 'done', verified_at: at, detail };",
    breaks: ['I2', 'I14'],
    why: 'What could not be read back is taken for done.',
  },
  {
    name: 'unknown-read-back-is-success',
    file: 'src/operations/judge-step.ts',
    find: "return { outcome: 'unknown', problem: confirmation.detail };",
    replace: "return { outcome: 'done', verified_at: at, detail: confirmation.detail };",
    breaks: ['I2', 'I14'],
    why: 'After an interruption nobody can tell what happened, and it is called done.',
  },
  {
    name: 'unknown-is-tried-again',
    file: 'src/operations/execute-plan.ts',
    find: "if (confirmation.state === 'not-done') return undefined;",
    replace: "if (confirmation.state !== 'done') return undefined;",
    breaks: ['I12'],
    why: 'An attempt that may have worked is made a second time without a look.',
  },
  {
    name: 'interrupted-is-not-read-back',
    file: 'src/operations/execute-plan.ts',
    find: 'if (!unsettled) return undefined;',
    replace: 'if (unsettled || !unsettled) return undefined;',
    breaks: ['I12'],
    why: 'A resumed execution does the interrupted step again at once.',
  },
  {
    name: 'key-of-its-own-per-try',
    file: 'src/operations/execution-journal.ts',
    find: 'key: `${incident}/${id}/${key}`,',
    replace: 'key: `${incident}/${id}/${key}/${this.executor}`,',
    breaks: ['I6'],
    why: 'Without one key per statement a repeated one is stored twice.',
  },
  {
    name: 'done-step-repeated',
    file: 'src/operations/execute-plan.ts',
    find: "if (record.state === 'ended' && record.result.outcome === 'done') {",
    replace: "if (record.state === 'ended' && record.result.outcome === 'not-run') {",
    breaks: ['I10'],
    why: 'A resumed execution starts from the beginning.',
  },
  {
    name: 'nothing-measured-passes',
    file: 'src/model/check.ts',
    find: "verdict: worstVerdict(silent ? [...verdicts, 'inconclusive'] : verdicts),",
    replace: "verdict: verdicts.length === 0 ? 'passed' : worstVerdict(verdicts),",
    breaks: ['I14'],
    why: 'All checks were skipped, and silence is taken for health.',
  },
  {
    name: 'error-of-a-check-passes',
    file: 'src/model/verdict.ts',
    find: 'const worst = Math.max(',
    replace: 'const worst = Math.min(',
    breaks: ['I14'],
    why: 'One good answer outweighs the bad ones.',
  },
  {
    name: 'machine-lifts-flags',
    file: 'src/operations/recover.ts',
    find: '  result.problems.push(...(await news.settle()));\n  return result;',
    replace:
      '  result.problems.push(...(await news.settle()));\n' +
      '  const { incident, actor: by } = request;\n' +
      "  const lifted = { mode: 'lifted', incident, since: timestamp(ports.clock), by, reason: 'recovered' };\n" +
      "  if (result.outcome === 'done') await (ports as any).editor.lift(lifted);\n" +
      '  return result;',
    breaks: ['I1'],
    why: 'The recovery of the breakers is so friendly as to turn the flags on as well.',
  },
  {
    name: 'plan-not-compared',
    file: 'src/operations/roll-back.ts',
    find: 'if (now.plan.hash === plan.hash) return;',
    replace: 'if (now.plan.hash !== "") return;',
    breaks: ['I13', 'I7'],
    why: 'What runs is the plan of a situation that is over.',
  },
  {
    name: 'other-plan-than-approved',
    file: 'src/operations/step-handlers.ts',
    find: 'await target.apply({ tag, commit }, {',
    replace: "await target.apply({ tag: 'v1.0.0', commit: 'a'.repeat(40) }, {",
    breaks: ['I10'],
    why: 'The step does something else than the plan says.',
  },
  {
    name: 'emergency-waits-for-the-journal',
    file: 'src/operations/make-safe.ts',
    find: 'journalRequired: false,',
    replace: 'journalRequired: true,',
    breaks: ['I4'],
    why: 'With the database down nothing is made safe.',
  },
  {
    name: 'spool-names-entries-anew',
    file: 'src/adapters/file/spool-drain.ts',
    find: 'const appended = await append(entry);',
    replace: 'const appended = await append({ ...entry, key: `${entry.key}/${file}` });',
    breaks: ['I6'],
    why: 'An entry that had arrived after all arrives again under another key.',
  },
  {
    name: 'spool-forgets-before-it-stores',
    file: 'src/adapters/file/spool-drain.ts',
    find: 'const appended = await append(entry);',
    replace: 'await removeSpooled(directory, file);\n      const appended = await append(entry);',
    breaks: ['I6'],
    why: 'A process that dies between the two loses a line of the record.',
  },
  {
    name: 'result-before-read-back',
    file: 'src/operations/execute-plan.ts',
    find: 'const result = judgeStep(applied, confirmation, timestamp(clock));',
    replace:
      "const said = applied.ended && !('error' in applied) ? { state: 'done', detail: '' } as const : confirmation;\n" +
      '    const result = judgeStep(applied, said, timestamp(clock));',
    breaks: ['I2', 'I14'],
    why: 'The call returned, so it must have worked.',
  },
  {
    name: 'old-plan-resumed-over-newer',
    file: 'src/operations/resume.ts',
    find: 'if (misfit === undefined) return;',
    replace: 'if (misfit !== "") return;',
    breaks: ['I13', 'I7'],
    why: 'A rollback that lay for days takes a newer release away.',
  },
  {
    name: 'change-before-its-intent',
    file: 'src/operations/execution-journal.ts',
    find: "if (needed && stored !== 'journal') throw journalNeeded();",
    replace: 'if (needed && stored === undefined) throw journalNeeded();',
    breaks: ['I5'],
    why: 'An intent on the disk of this machine is not seen by whoever continues elsewhere.',
  },
  {
    name: 'intent-not-waited-for',
    file: 'src/operations/execute-plan.ts',
    find: 'await this.journal.recordIntent(step, attempt);',
    replace: 'this.journal.recordIntent(step, attempt).catch(() => undefined);',
    breaks: ['I5'],
    why: 'A process that dies now has changed something that nobody knows of.',
  },
  {
    name: 'artefact-not-asked-for',
    file: 'src/operations/step-handlers.ts',
    find: 'await findTarget(ports, action.target).preflight({ tag: action.tag, commit: action.commit });',
    replace: 'await Promise.resolve();',
    breaks: ['I7'],
    why: 'That the artefact is gone is found out in the middle of the deployment.',
  },
  {
    name: 'late-outcome-counts',
    file: 'src/model/execution.ts',
    find: "if (known?.state === 'ended' && known.result.outcome === 'done') continue;",
    replace: "if (known?.state === 'ended' && known.attempt < 0) continue;",
    breaks: ['I10'],
    why: 'What an overtaken holder says late is taken for the newest: a proven step is done again.',
  },
  {
    name: 'flags-asked-without-a-cap',
    file: 'src/operations/incidents.ts',
    find: 'await within(ports.clock, LOOK_CAP_MS, () => ports.flags.read());',
    replace: 'await ports.flags.read();',
    breaks: ['I15', 'I4'],
    why: 'A store that hangs holds the emergency up for ever.',
  },
];
