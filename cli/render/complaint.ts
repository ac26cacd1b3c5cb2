import { countComplaints } from '../../src/model/catalogue.ts';
import type { ComplaintAnswer } from '../../src/operations/report-complaint.ts';
import { labelled, nextLine, wrap } from './text.ts';
import { formatInstant } from './time.ts';

interface ComplaintContext {
  reference: string | undefined;
  /** Who leads the incident, or would. */
  commander: string | undefined;
  /** A further command with the options of this one that it needs too. */
  again: (command: string) => string;
}

/** What the complaints mean now, who is to do what about it, and the next command. */
export function renderComplaint(answer: ComplaintAnswer, context: ComplaintContext): string {
  const { incident, opened, repeated, problems } = answer;
  const { reference } = context;
  return [
    wrap(`${headline(answer)}, incident ${incident}`),
    ...(opened ? [labelled('Opened', `incident ${incident}, because ${whyOpened(answer)}`)] : []),
    ...(repeated
      ? [labelled('Note', `${reference ?? 'It'} was counted before: it counts once`)]
      : []),
    ...consequences(answer, context),
    ...problems.map((problem) => labelled('Problem', problem)),
    nextLine(context.again(nextCommand(answer, context))),
  ].join('\n');
}

function whyOpened({ stored }: ComplaintAnswer): string {
  return stored === 'journal' ? 'none was open' : 'nobody can see whether one is open';
}

function headline({ decision }: ComplaintAnswer): string {
  if (decision === undefined) return 'RECORDED, BUT HOW MANY COMPLAINTS THERE ARE IS NOT KNOWN';
  const many = countComplaints(decision.count, decision.within_ms);
  switch (decision.decision) {
    case 'ignore':
      return `RECORDED: ${many}`;
    case 'investigate':
      return `INVESTIGATE: ${many}`;
    case 'page':
      return `CALL NOW: ${many}`;
    default:
      return decision satisfies never;
  }
}

function consequences(
  { decision, told }: ComplaintAnswer,
  { commander }: ComplaintContext,
): string[] {
  if (decision === undefined) {
    return [
      labelled('Count', 'unknown, and not none: there may be enough to call the commander'),
      labelled('Then', 'the next command on this machine carries it into the journal'),
    ];
  }
  if (decision.decision === 'ignore') return [labelled('Rule', 'too few for any')];
  const who = decision.page.map((contact) =>
    contact === 'commander' ? `${contact} (${commander ?? 'nobody is assigned'})` : contact,
  );
  const channels =
    told === undefined
      ? 'nobody now: it means the same as before'
      : told.length === 0
        ? 'only you: no channel takes this message'
        : `now, through ${told.join(', ')}`;
  return [
    labelled('Rule', decision.rule),
    ...(decision.decision === 'investigate'
      ? [labelled('Until', `${formatInstant(decision.until)}: then a person decides`)]
      : []),
    labelled('People', who.join(', ') || 'nobody is named in the rule'),
    labelled('Told', channels),
  ];
}

function nextCommand(
  { decision, incident }: ComplaintAnswer,
  { commander }: ComplaintContext,
): string {
  if (decision?.decision === 'page' && commander === undefined) {
    return `backout incident assign --commander NAME ${incident}`;
  }
  return decision?.decision === 'page' ? 'backout assess' : `backout incident show ${incident}`;
}
