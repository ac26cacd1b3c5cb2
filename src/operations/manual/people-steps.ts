import { composeMessage } from '../../model/catalogue.ts';
import { quote } from '../../model/shell.ts';
import type { ManualFacts, ManualStep } from './facts.ts';
import { CHOSEN, nameOf } from './release-steps.ts';

/** Adds the options that a further command needs too. */
export type Again = (command: string) => string;

/** Who has to hear of it, and from whom the bad release has to be kept. */
export function peopleSteps(facts: ManualFacts): ManualStep[] {
  return [messageStep(facts), ...keepOutStep(facts)];
}

function messageStep(facts: ManualFacts): ManualStep {
  const { service, environment, incident, at, reason, by, level, live, release, footer } = facts;
  const { title, lines } = composeMessage('rollback-started', `${incident}/by-hand`, {
    service,
    environment,
    incident,
    at,
    reason,
    by,
    level,
    ...(live === undefined ? {} : { from: live }),
    ...(release === undefined
      ? {}
      : { to: release.kind === 'choose' ? 'a release that is being chosen' : release.tag }),
    eta_s: facts.budgetMs / 1_000,
    ...footer,
  });
  const words = [title, ...lines, 'Done by hand: Backout or what it needs cannot be reached.'];
  return {
    title: 'Tell people',
    why: 'Prints the message to paste; say it again at least every 5 min, with what is done and what is next.',
    commands: [],
    look: [`printf '%s\\n' ${words.map(quote).join(' ')}`],
    notes: [
      ...facts.channels.map((channel) => `Channel ${channel}`),
      ...facts.contacts.map((contact) => `Contact ${contact}`),
      'Chat is down too: call. The numbers are where your team keeps them, not here.',
    ],
  };
}

function keepOutStep({ level, live, release }: ManualFacts): ManualStep[] {
  if (level === 'flags' || release === undefined) return [];
  const bad = live ?? 'the release that was live';
  return [
    {
      title: `Keep ${bad} out`,
      why: `Until Backout holds it, nothing else keeps a pipeline from deploying ${bad} again.`,
      commands: [],
      look: [],
      notes: [
        'Pause automatic deployments of this service: disable the workflow or the job, now.',
        `Tell whoever may deploy: "Until we say so, ${nameOf(release)} stays live. Do not deploy ${bad}, nor anything newer that contains it."`,
        'Runs that wait for an approval or a runner deploy later by themselves: cancel them.',
      ],
    },
  ];
}

/** What Backout has to hear when it is back, and how to get out of the safe state. */
export function afterwardsSteps(facts: ManualFacts, again: Again): ManualStep[] {
  const { incident, reason } = facts;
  const named = quote(incident);
  return [
    {
      title: 'When Backout can be reached again: tell it',
      why: 'Then the journal, the record of releases and everybody else know what you did.',
      commands: [
        again(`backout emergency --incident ${named} --reason ${quote(reason)}`),
        ...recordCommands(facts, again),
      ],
      look: [again(`backout incident show ${named}`), again('backout assess')],
      expect: `Of the first \`${incident}\`, and that its chain is \`intact\`.`,
      notes: [],
      ...laterRecords(facts, again),
    },
    {
      title: 'When the service is well: recover, with Backout',
      why: 'There is no line here for lifting the safe state by hand: a named person decides that, and Backout asks for the name.',
      commands: [again(`backout breakers reset --incident ${named}`)],
      look: [again('backout breakers status'), again('backout flags list')],
      notes: [],
      offers: {
        say: 'Then, with your name and your reasons:',
        lines: [
          again(`backout flags lift --incident ${named} --by NAME --reason "…"`),
          again(`backout incident close ${named} --reason "…"`),
        ],
      },
    },
  ];
}

function laterRecords({ release, live }: ManualFacts, again: Again): Pick<ManualStep, 'offers'> {
  if (release === undefined) return {};
  const lines = [
    ...(live === undefined ? [again('backout release hold BAD-TAG --reason "…"')] : []),
    ...(release.kind === 'known-good' ? [] : [again('backout release good TAG')]),
  ];
  const say =
    'What is not known here, to be completed (a release is good when it stayed well to the end):';
  return lines.length === 0 ? {} : { offers: { say, lines } };
}

/** The bad one first: what is recorded last is what counts as live. */
function recordCommands({ live, release, liveIsRecorded, reason }: ManualFacts, again: Again) {
  if (release === undefined) return [];
  const tag = release.kind === 'choose' ? CHOSEN.tag : quote(release.tag);
  const record = (name: string): string => again(`backout release record ${name}`);
  const hold = (name: string): string =>
    again(`backout release hold ${name} --reason ${quote(reason)}`);
  const bad = live === undefined ? undefined : quote(live);
  const held =
    bad === undefined
      ? []
      : liveIsRecorded === true
        ? [hold(bad)]
        : // A release has to be recorded before it can be held; whether it is cannot be seen.
          [`${hold(bad)} || { ${record(bad)} && ${hold(bad)}; }`];
  return [...held, record(tag)];
}
