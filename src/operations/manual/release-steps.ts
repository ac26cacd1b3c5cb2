import { fillPlaces } from '../../model/places.ts';
import { artefactOn } from '../../model/release.ts';
import { quote, valueOf } from '../../model/shell.ts';
import type { ManualFacts, ManualRelease, ManualStep, ManualTarget } from './facts.ts';

/** The level application: which release, can it be deployed, deploy it, is it live. */
export function releaseSteps(facts: ManualFacts): ManualStep[] {
  const { release, targets } = facts;
  if (release === undefined) return [];
  const choice = release.kind === 'choose' ? [choiceStep(facts, release)] : [];
  if (targets.length === 0) {
    const why = 'backout.yml names no target for this environment: deploy it as your team does.';
    return [...choice, { title: 'Deploy', why, commands: [], look: [], notes: [] }];
  }
  return [
    ...choice,
    ...preflightStep(facts, release),
    ...targets.map((target) => deployStep(facts, release, target)),
  ];
}

/** `v1.1.0`, or words for a release that is still to be chosen. */
export function nameOf(release: ManualRelease): string {
  return release.kind === 'choose' ? 'the chosen release' : release.tag;
}

function choiceStep(
  { live }: ManualFacts,
  { why, candidates }: Extract<ManualRelease, { kind: 'choose' }>,
): ManualStep {
  return {
    title: 'NOT PROVEN: choose the release',
    why: `NOT PROVEN: ${why} So a person has to choose. Without a choice the commands that follow refuse to run.`,
    // What an earlier night left in this shell is no choice.
    commands: ['unset BACKOUT_CHOSEN_TAG BACKOUT_CHOSEN_COMMIT BACKOUT_CHOSEN_ARTEFACT'],
    look: ['echo "$BACKOUT_CHOSEN_TAG $BACKOUT_CHOSEN_COMMIT"'],
    expect: 'The tag and the commit that you chose.',
    notes: [
      'How to choose: the newest one that you know was live and well. Ask who deployed last; look at the deploy history, the chat and the graphs for the time before the trouble began.',
      live === undefined
        ? 'What is live is not known from here: leave that one out, and everything newer.'
        : `${live} is live; these are older.`,
      ...(candidates.length === 0
        ? [
            'No tag can be offered. Ask your pipeline; then: BACKOUT_CHOSEN_TAG=… BACKOUT_CHOSEN_COMMIT=…',
          ]
        : candidates.map(({ tag, at }) => `${tag}: the tag is of ${at.slice(0, 10)}.`)),
    ],
    ...(candidates.length === 0
      ? {}
      : {
          offers: {
            say: 'Paste ONE of these, without its #:',
            lines: candidates.map(
              ({ tag, commit }) =>
                `BACKOUT_CHOSEN_TAG=${quote(tag)} BACKOUT_CHOSEN_COMMIT=${commit}`,
            ),
          },
        }),
  };
}

function preflightStep(facts: ManualFacts, release: ManualRelease): ManualStep[] {
  const asked = facts.targets.flatMap((target) => {
    const { preflight } = target.commands;
    return preflight === undefined ? [] : [{ target, preflight }];
  });
  if (asked.length === 0) return [];
  return [
    {
      title: `Prove that ${nameOf(release)} can be deployed`,
      why: 'Changes nothing. When one of them fails, choose another release before you go on.',
      commands: asked.map(({ target, preflight }) => {
        const words = fill(preflight, facts, target, release);
        return inFolder(target, [...releaseWords(release, target), ...variables(target), ...words]);
      }),
      look: [],
      expect: 'No complaint; exit code 0 each (echo $?).',
      notes: [],
    },
  ];
}

function deployStep(facts: ManualFacts, release: ManualRelease, target: ManualTarget): ManualStep {
  const { deploy, current } = target.commands;
  const guard = [`BACKOUT_INCIDENT=${quote(facts.incident)}`, `BACKOUT_FENCE=${target.fence}`];
  const environment = [...releaseWords(release, target), ...guard, ...variables(target)];
  const named = release.kind === 'choose' ? 'The tag that you chose' : `\`${release.tag}\``;
  return {
    title: `Bring ${nameOf(release)} to ${target.name}`,
    why: 'By hand nothing keeps others out: see first that nobody else deploys. It may be run again.',
    commands: [inFolder(target, [...environment, ...fill(deploy, facts, target, release)])],
    look: [inFolder(target, [...variables(target), ...fill(current, facts, target, undefined)])],
    expect: `${named}. Anything else: it is not live.`,
    notes: [
      'Exit code 76 means that a newer rollback was here: find out who before you go on.',
      ...sideBySide(target),
      ...notProven(facts, release),
    ],
  };
}

function sideBySide({ besides = [] }: ManualTarget): string[] {
  if (besides.length === 0) return [];
  const words = `Does not have to wait for ${besides.join(', ')}: side by side they are faster`;
  return [`${words}, each in a shell of its own. One after the other is right too.`];
}

function notProven({ needsSecondPerson }: ManualFacts, release: ManualRelease): string[] {
  return [
    ...(release.kind === 'named' && !release.proven
      ? [`${release.tag} is NOT PROVEN: no record says that its checks passed.`]
      : []),
    ...(needsSecondPerson
      ? ['backout.yml asks for a second person here: let somebody agree before you paste it.']
      : []),
  ];
}

/** The release, for a program that reads it from its environment. */
function releaseWords(release: ManualRelease, { name }: ManualTarget): string[] {
  if (release.kind === 'choose') {
    return [`BACKOUT_TAG=${CHOSEN.tag}`, `BACKOUT_COMMIT=${CHOSEN.commit}`];
  }
  const { artefact } = artefactOn(release, name);
  return [
    `BACKOUT_TAG=${quote(release.tag)}`,
    `BACKOUT_COMMIT=${quote(release.commit)}`,
    ...(artefact === undefined ? [] : [`BACKOUT_ARTEFACT=${quote(artefact)}`]),
  ];
}

/** Names only: the values stay where they are. */
function variables({ env }: ManualTarget): string[] {
  return Object.entries(env).map(([name, variable]) => `${name}=${valueOf(variable)}`);
}

/** In a subshell, so that the person's own folder stays what it is. */
function inFolder({ cwd }: ManualTarget, words: readonly string[]): string {
  return `(cd ${quote(cwd)} && ${words.join(' ')})`;
}

/**
 * What nobody knows (a release to be chosen, an artefact that was not recorded) is left to the shell,
 * which refuses the command until a person says it.
 * @param release left out: its places stay as they are, as for `current`
 */
function fill(
  program: readonly string[],
  { service, environment }: ManualFacts,
  { name }: ManualTarget,
  release: ManualRelease | undefined,
): string[] {
  const known: Record<string, string> = { service, environment, target: name };
  if (release !== undefined && release.kind !== 'choose') {
    const { tag, commit } = release;
    Object.assign(known, { tag, commit, ...artefactOn(release, name) });
  }
  const open = Object.entries(CHOSEN).filter(
    ([place]) => release !== undefined && known[place] === undefined,
  );
  const words = new Map(open.map(([place, word]) => [`{${place}}`, word]));
  return program.map((word) => {
    const parts = word.split(/(\{tag\}|\{commit\}|\{artefact\})/).filter((part) => part !== '');
    if (!parts.some((part) => words.has(part))) return quote(fillPlaces(word, known));
    return parts.map((part) => words.get(part) ?? quote(fillPlaces(part, known))).join('');
  });
}

/** What a person chose. As long as nothing is chosen, the shell refuses the command with these words. */
export const CHOSEN = {
  tag: '"${BACKOUT_CHOSEN_TAG:?choose a release first}"',
  commit: '"${BACKOUT_CHOSEN_COMMIT:?choose a release first}"',
  artefact: '"${BACKOUT_CHOSEN_ARTEFACT:?say first what the platform calls this release}"',
};
