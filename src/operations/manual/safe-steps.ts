import type { BreakerState } from '../../model/breaker.ts';
import { formatBreaker } from '../../model/breaker-documents.ts';
import { formatOverride } from '../../model/flag-documents.ts';
import type { SafeOverride } from '../../model/flags.ts';
import { quote, valueOf } from '../../model/shell.ts';
import type { ManualFacts, ManualFastPath, ManualStep } from './facts.ts';
import { alreadySafe, parameterStep } from './parameter-step.ts';

/** The safe state: the override, then the fast path. */
export function safeSteps(facts: ManualFacts): ManualStep[] {
  const override = facts.running ?? newOverride(facts);
  const { parameters } = facts;
  const first =
    parameters === undefined
      ? overrideStep(facts, override)
      : parameterStep(facts, parameters, override);
  return [first, breakerStep(facts, override)];
}

function newOverride({ incident, at, by, reason }: ManualFacts): SafeOverride {
  return { mode: 'safe', incident, since: at, by, rule: 'manual', reason };
}

function overrideStep(facts: ManualFacts, override: SafeOverride): ManualStep {
  const { flagsFolder, incident, groupsWithSafeValues: groups } = facts;
  const document = formatOverride(override).trimEnd();
  const folder = `${flagsFolder}/overrides`;
  const look = [
    // An incident's documents and nobody else's: its name has no dot.
    `cat ${quote(folder)}/${quote(incident)}.*json`,
    ...(groups.length === 0 ? [] : [`ls ${quote(`${flagsFolder}/safe`)}`]),
  ];
  const names = groups.map((group) => `\`${group}.json\``).join(', ');
  const expect =
    `A line that begins with \`{"mode":"safe"\`` +
    (groups.length === 0
      ? '.'
      : `, and ${names}: a group that is missing there has no safe values and stays as it is.`);
  if (facts.running !== undefined) {
    return { ...alreadySafe(override), look, expect };
  }
  return {
    title: 'Put the flags to their safe values',
    why: 'One file says it for all groups, complete from the moment that it has its name. Running applications follow within 2 s.',
    commands: [putDocument(folder, incident, document), '(sync &)'],
    look,
    expect,
    notes: [
      '"File exists" means that it is there already: go on.',
      'Do this on the machine that has the folder, as a user who may write there.',
    ],
  };
}

/**
 * Written under a name that readers skip, then linked. The temporary file is removed first: a
 * command that is pasted twice must not write into the file that has the name by then. Readable for
 * everybody, because the application is another user. Forcing it to disk comes afterwards and is
 * not waited for: a shared disk that hangs would hold up the safe state, and a file that a power cut
 * leaves empty counts as everything safe.
 */
function putDocument(folder: string, incident: string, document: string): string {
  const temporary = quote(`.new-${incident}`);
  const steps = [
    'umask 022',
    `mkdir -p ${quote(folder)}`,
    `cd ${quote(folder)}`,
    `rm -f ${temporary}`,
    `printf '%s\\n' ${quote(document)} > ${temporary}`,
    `ln ${temporary} ${quote(`${incident}.json`)}`,
    `rm ${temporary}`,
  ];
  return `(${steps.join(' && ')})`;
}

function breakerStep(facts: ManualFacts, override: SafeOverride): ManualStep {
  const { fastPath } = facts;
  const title = 'Open the circuit breakers';
  if (fastPath === undefined) {
    const why = 'backout.yml names no Redis for this environment, so there are no breakers.';
    return { title, why, commands: [], look: [], notes: [] };
  }
  const { variable, keys, providers } = fastPath;
  const ask = (...words: string[]): string =>
    ['redis-cli --raw --no-auth-warning -u', address(variable), ...words.map(quote)].join(' ');
  const open = providers.map((provider) => `\`${provider}\``).join(', ');
  return {
    title,
    why:
      'One script opens every provider, but leaves alone what a person holds open (isolated); it ' +
      'tells the running service of the safe state, counts the epoch, and publishes it.',
    commands: [ask(...tripWords(facts, fastPath, override))],
    look: [
      ask('HGETALL', keys.breakers),
      ask('GET', keys.epoch),
      ask('HGETALL', keys.overrides),
      ask('HGETALL', keys.instances),
    ],
    expect:
      (providers.length === 0 ? '' : `After ${open}: \`"state":"open"\`, or isolated. `) +
      'Then the epoch that the script answered; the override under ' +
      `\`${facts.incident}\`; and that epoch again behind every running instance.`,
    notes: [
      'Redis does not answer within 10 s: press Ctrl-C and go on. The flags do not depend on it.',
      'No redis-cli here: on Debian it is in the package redis-tools.',
    ],
  };
}

/**
 * `redis://:password@host` means the user `default` everywhere but in redis-cli, which takes it for a
 * user without a name and is refused.
 */
function address(variable: string): string {
  return `"$(printf %s ${valueOf(variable)} | sed s,//:,//default:,)"`;
}

/** As the scripts want their arguments; see src/adapters/redis/scripts.ts. */
function tripWords(
  { incident, at, by, reason }: ManualFacts,
  { keys, script, generation, providers }: ManualFastPath,
  override: SafeOverride,
): string[] {
  const open: BreakerState = { state: 'open', since: at, by, reason, incident };
  const names = [keys.breakers, keys.epoch, keys.overrides];
  const document = formatOverride(override).trimEnd();
  const state = formatBreaker('a provider', open);
  return [
    'EVAL',
    script,
    '3',
    ...names,
    keys.changes,
    generation,
    state,
    incident,
    document,
  ].concat(providers);
}
