import { formatOverride } from '../../model/flag-documents.ts';
import { overrideName } from '../../model/parameter-log.ts';
import type { SafeOverride } from '../../model/flags.ts';
import { quote } from '../../model/shell.ts';
import type { ManualFacts, ManualParameters, ManualStep } from './facts.ts';

/** What is looked at of an incident's log; one call gives ten documents. */
const NUMBERS = 5;

/** The override by hand where the flags are in the parameter store: created, never overwritten. */
export function parameterStep(
  {
    incident,
    running,
    groupsWithSafeValues: groups,
  }: Pick<ManualFacts, 'incident' | 'running' | 'groupsWithSafeValues'>,
  { overrides, safe, region }: ManualParameters,
  override: SafeOverride,
): ManualStep {
  const ask = (operation: string, ...words: string[]): string =>
    [
      'aws ssm',
      operation,
      ...(region === undefined ? [] : ['--region', quote(region)]),
      ...words,
    ].join(' ');
  const names = Array.from({ length: NUMBERS }, (_, index) => index + 1).flatMap((number) =>
    (['safe', 'lifted'] as const).map((mode) =>
      quote(`${overrides}/${overrideName(incident, number, mode)}`),
    ),
  );
  const look = [
    ask(
      'get-parameters',
      '--names',
      ...names,
      `--query 'Parameters[].[Name,Value]'`,
      '--output text',
    ),
    ...(groups.length === 0
      ? []
      : [
          ask(
            'get-parameters-by-path',
            '--recursive',
            '--path',
            quote(safe),
            `--query 'Parameters[].Name'`,
          ),
        ]),
  ];
  const expect =
    'The line with the highest number says `{"mode":"safe"`' +
    (groups.length === 0
      ? '.'
      : `, and there are parameters for ${groups.map((group) => `\`${group}\``).join(', ')}: a group that is missing there has no safe values and stays as it is.`);
  if (running !== undefined) return { ...alreadySafe(override), look, expect };
  const document = formatOverride(override).trimEnd();
  return {
    title: 'Put the flags to their safe values',
    why: 'One parameter says it for all groups. Running applications follow within 2 s.',
    commands: [
      ask(
        'put-parameter',
        '--no-overwrite',
        '--type String',
        '--name',
        quote(`${overrides}/${incident}`),
        '--value',
        quote(document),
      ),
    ],
    look,
    expect,
    notes: [
      '"ParameterAlreadyExists" means that it is there already: go on.',
      '"ThrottlingException": the account writes too much at once. Do it again until it is there.',
      'Needs `ssm:PutParameter` on the overrides; any console of AWS will do.',
    ],
  };
}

/** The safe state of all groups holds: nothing is put. */
export function alreadySafe({ since, by }: SafeOverride): ManualStep {
  return {
    title: 'See that the flags are safe',
    why: `The safe state is on already, since ${since}, by ${by}. There is nothing to put.`,
    commands: [],
    look: [],
    notes: [],
  };
}
