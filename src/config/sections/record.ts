/** Where releases come from, and what is written down afterwards. */
import * as z from 'zod';
import { duration, ownerAndName, reference, words } from '../values.ts';

export const repository = z.strictObject({
  github: ownerAndName()
    .optional()
    .describe('owner/name on GitHub. Left out: only the local clone is used.'),
  path: words().default('.').describe('Local clone, relative to this file. Default: .'),
  directory: words()
    .optional()
    .describe('Folder of the service in a shared repository. Left out: the whole repository.'),
  default_branch: words()
    .default('main')
    .describe(
      'Branch whose distance from the last release `backout assess` shows. It forbids nothing: releases may be on any branch. Default: main',
    ),
  tag_pattern: words()
    .default('v*')
    .describe(
      'Tags that are releases; "*" stands for the version. With a prefix in shared repositories: "payments/v*". Default: v*',
    ),
  versioning: z
    .enum(['semver', 'calendar'])
    .default('semver')
    .describe('How versions are ordered: 1.4.2, or 2025.01.12. Default: semver'),
});

export const releases = z.strictObject({
  candidates: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('How many releases an assessment lists. Default: 5'),
  keep_good: z
    .int()
    .min(2)
    .max(50)
    .default(5)
    .describe(
      'How many good releases stay ready: `release kept` names them, and says whether their artefacts are still there. Default: 5',
    ),
  security_floor: words()
    .optional()
    .describe('Oldest tag that may be deployed again; older ones are RED. Left out: none.'),
  migrations: z
    .array(words())
    .default([])
    .describe('Patterns of migration files, such as "db/migrations/*.sql". Default: none'),
  required_secrets: z
    .array(reference())
    .default([])
    .describe(
      'References that the code needs, kept with each recorded release: going back to one that needs what is gone is RED. Default: none',
    ),
  parallel_targets: z
    .int()
    .min(1)
    .max(50)
    .default(1)
    .describe('Targets of the same order that may be deployed at once. Default: 1'),
});

const due = duration({ max: 7_776_000_000 });

export const postmortem = z.strictObject({
  publish: z
    .enum(['file', 'pull_request'])
    .default('file')
    .describe('Write a file, or open a pull request with it. Default: file'),
  template: words()
    .optional()
    .describe("The team's own template, relative to this file. Left out: that of Backout."),
  directory: words()
    .default('postmortems')
    .describe('Folder for postmortems, relative to this file. Default: postmortems'),
  labels: z
    .array(words())
    .default(['postmortem'])
    .describe('Labels of the pull request. Default: postmortem'),
  assignee: words().optional().describe('GitHub login of its assignee. Left out: the commander.'),
  token: reference().optional().describe('Reference to a token that may open pull requests.'),
  due: z
    .strictObject({
      root_cause: due.prefault('3d').describe('Root cause found. Default: 3d'),
      fix_plan: due.prefault('5d').describe('Fix planned. Default: 5d'),
      process_gaps: due.prefault('14d').describe('Process gaps closed. Default: 14d'),
      fix_deployment: due.prefault('14d').describe('Fix deployed. Default: 14d'),
    })
    .prefault({})
    .describe('When the mandatory tasks are due, counted from the end of the incident.'),
});

export const evidence = z.strictObject({
  metrics_before: duration({ max: 86_400_000 })
    .prefault('30m')
    .describe('Metrics kept from before the incident. Default: 30m'),
  log_groups: z.array(words()).default([]).describe('CloudWatch log groups. Default: none'),
  snapshot_databases: z
    .boolean()
    .default(false)
    .describe('Take a snapshot before the levels application and database. Default: false'),
});
