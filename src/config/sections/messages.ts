/** Who is told what, where, and who is called when it takes long. */
import * as z from 'zod';
import { duration, identifier, named, reference, words } from '../values.ts';

/** What a message can be about; a template or a channel names these. */
const MESSAGES = [
  'safe_state',
  'started',
  'progress',
  'complete',
  'failed',
  'refused',
  'escalation',
  'customer_status',
  'support',
] as const;

const event = z.enum(MESSAGES);
const common = {
  send: z
    .array(event)
    .min(1)
    .default([...MESSAGES])
    .describe('Messages that go here. Default: all of them'),
};

const channel = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('console').describe('The terminal, or the log of the run.'),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('webhook').describe('A POST with a JSON body to an address of yours.'),
    ...common,
    url: reference().describe('Reference to the address; addresses of webhooks are secrets.'),
    secret: reference()
      .optional()
      .describe('Reference to the key of the signature header. Left out: not signed.'),
  }),
  z.strictObject({
    kind: z.literal('slack').describe('Slack: one thread per incident.'),
    ...common,
    channel: words().describe('Channel, such as "#incidents".'),
    token: reference().describe('Reference to a bot token.'),
  }),
  z.strictObject({
    kind: z.literal('pagerduty').describe('PagerDuty.'),
    ...common,
    routing_key: reference().describe('Reference to the integration key of the service.'),
    api_token: reference()
      .optional()
      .describe('Reference to an API token, to name who is on call. Left out: not named.'),
    schedule: words().optional().describe('Id of the schedule that says who is on call.'),
  }),
  z.strictObject({
    kind: z.literal('github').describe('Comments on an issue or pull request.'),
    ...common,
    repository: words().optional().describe('owner/name. Default: the repository of the service'),
    token: reference().describe('Reference to a token that may write issues.'),
  }),
  z.strictObject({
    kind: z.literal('statuspage').describe('A public status page.'),
    ...common,
    page_id: words().describe('Id of the page.'),
    components: z.array(words()).default([]).describe('Ids of its components. Default: none'),
    token: reference().describe('Reference to an API key.'),
  }),
]);

export const messages = z.strictObject({
  channels: named(channel)
    .prefault({ console: { kind: 'console' } })
    .describe('Where messages go, by name. Default: the console'),
  timeout: duration({ max: 30_000 })
    .prefault('2s')
    .describe('Longest time one channel may take; then work goes on without it. Default: 2s'),
  runbook_url: z.url().optional().describe('Page that every message links to. Left out: none.'),
  commander: words()
    .optional()
    .describe('Name or handle of the incident commander until one is assigned.'),
  templates: z
    .partialRecord(event, words())
    .default({})
    .describe('Your own words for a message, by its name. Default: those of Backout'),
});

const contactFields = {
  description: words().optional().describe('Who that is.'),
  channels: z
    .array(identifier())
    .default([])
    .describe('Channels through which this contact is reached. Default: all'),
  mention: words().optional().describe('Handle to mention, such as "@db-oncall".'),
};
const after = duration({ min: 0, max: 86_400_000 });
const when = z.enum(['always', 'customers_affected']);
const whenText = '"always", or only while customers are affected. Default: ';

function contact(description: string, afterText: string, whenDefault: z.output<typeof when>) {
  return z
    .strictObject({
      ...contactFields,
      after: after
        .prefault(afterText)
        .describe(`Time from the start of the incident. Default: ${afterText}`),
      when: when.default(whenDefault).describe(whenText + whenDefault),
    })
    .prefault({})
    .describe(description);
}

const ownContact = z
  .strictObject({
    ...contactFields,
    after: after.describe('Time from the start of the incident, such as 10m.'),
    when: when.default('always').describe(`${whenText}always`),
  })
  .describe('A contact of your own.');

/** Somebody to be called: `after` in milliseconds from the start of the incident. */
export type Contact = z.output<typeof ownContact>;

/** Times as in the escalation list of the rollback runbook. */
export const escalation = z
  .strictObject({
    on_call: contact('The engineer on call.', '0s', 'always'),
    commander: contact('The incident commander.', '30m', 'always'),
    database_admin: contact('The database administrator.', '10m', 'always'),
    engineering_manager: contact('The engineering manager.', '30m', 'always'),
    cto: contact('The head of technology.', '60m', 'customers_affected'),
  })
  .catchall(ownContact)
  .transform((all): Record<string, Contact> => all);
