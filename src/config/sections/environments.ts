/** Where a service runs, what may happen there by itself, and where Backout keeps its state. */
import * as z from 'zod';
import { checkedText, duration, named, reference, words } from '../values.ts';

/** More than any account has; it keeps a slip of the finger out. */
const MOST = 100_000;

function count() {
  return z.int().min(1).max(MOST);
}

const state = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z
      .literal('embedded')
      .describe('Files in a folder of this machine; needs no cloud account.'),
    directory: words()
      .default('.backout')
      .describe(
        'Folder for flags, overrides and the spool, relative to this file. Default: .backout',
      ),
  }),
  z.strictObject({
    kind: z.literal('aws').describe('AWS: flags in the parameter store, queues, functions.'),
    parameter_prefix: checkedText('^/[A-Za-z0-9_./-]*[A-Za-z0-9_-]$', (value) =>
      /^\/[A-Za-z0-9_./-]*[A-Za-z0-9_-]$/.test(value)
        ? undefined
        : {
            message: `"${value}" is not a parameter path`,
            remedy: 'Write a path such as "/backout".',
          },
    )
      .default('/backout')
      .describe('Path under which every parameter of Backout lives. Default: /backout'),
    parameter_throughput: z
      .enum(['standard', 'high'])
      .default('standard')
      .describe(
        'Setting of Parameter Store in this account and region: "standard" writes about 3 parameters per second, "high" about 10. Default: standard',
      ),
    services_sharing: count()
      .default(1)
      .describe(
        'Services in this account and region, this one included, that may have to be made safe at the same time. Default: 1',
      ),
    hosts: count()
      .default(1)
      .describe(
        'Hosts whose applications read flags from the parameter store in this account and region. Default: 1',
      ),
    evidence_bucket: words()
      .optional()
      .describe('S3 bucket for evidence and for break-glass leases. Left out: none.'),
  }),
]);

const approval = z.strictObject({
  flags: z
    .literal('never')
    .default('never')
    .describe('Always "never": going to the safe state waits for nobody.'),
  application: z
    .enum(['never', 'unless_green', 'always'])
    .default('unless_green')
    .describe(
      'When a second person approves a rollback of the application. "unless_green": only if the release to go back to is not GREEN. Default: unless_green',
    ),
  database: z
    .enum(['unless_green', 'always'])
    .default('always')
    .describe('When a second person approves a rollback of the database. Default: always'),
});

const github = z.strictObject({
  workflow: words()
    .default('rollback.yml')
    .describe('Workflow that an automatic rollback starts. Default: rollback.yml'),
  start_within: duration({ max: 600_000 })
    .prefault('60s')
    .describe('Time for that run to start before the runner function does the work. Default: 60s'),
  environment: words()
    .optional()
    .describe('Name of this environment on GitHub. Default: the same name as here'),
  token: reference()
    .optional()
    .describe(
      'Reference to a token that may read deployments and, for targets of kind workflow, start workflows. Default: GITHUB_TOKEN',
    ),
  app_id: reference()
    .optional()
    .describe('Reference to the id of the GitHub App that starts runs.'),
  private_key: reference().optional().describe('Reference to the private key of that GitHub App.'),
});

export const environments = named(
  z.strictObject({
    description: words().optional().describe('One sentence for people.'),
    account: checkedText('^\\d{12}$', (value) =>
      /^\d{12}$/.test(value)
        ? undefined
        : {
            message: `"${value}" is not an AWS account number`,
            remedy: 'Write the 12 digits in quotes, such as "012345678901".',
          },
    )
      .optional()
      .describe('AWS account number, 12 digits in quotes. Alarms from other accounts are refused.'),
    regions: z
      .array(words())
      .min(1)
      .optional()
      .describe('AWS regions, the main one first. Alarms from other regions are refused.'),
    base_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Address in front of every check URL that starts with "/".'),
    automation: z
      .enum(['observe', 'armed'])
      .default('observe')
      .describe(
        '"observe": rules only say what they would do. "armed": armed rules do it. Default: observe',
      ),
    approval: approval.prefault({}).describe('When a second person has to agree, per level.'),
    reach: z
      .enum(['direct', 'lambda'])
      .default('direct')
      .describe(
        'How stores and targets are reached: "direct" from this machine, "lambda" through the control functions. Default: direct',
      ),
    state: state
      .prefault({ kind: 'embedded' })
      .describe('Where flags, overrides and spooled entries are kept. Default: embedded'),
    journal: z
      .strictObject({
        url: reference().describe(
          'Reference to the Postgres URL of the journal. Use another server than any database that is rolled back.',
        ),
        schema: words().default('backout').describe('Schema of the journal. Default: backout'),
      })
      .optional()
      .describe('Postgres database of the journal. Left out: entries are spooled to files only.'),
    redis: z
      .strictObject({
        url: reference().describe('Reference to the Redis URL; use rediss:// in production.'),
      })
      .optional()
      .describe('Redis for circuit breakers and fast reading. Needed when providers are listed.'),
    github: github
      .prefault({})
      .describe('How GitHub is asked, and how an automatic rollback is handed over to it.'),
  }),
);
