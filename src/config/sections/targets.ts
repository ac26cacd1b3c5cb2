/** The deployable parts of a service, and how each is taken to another release. */
import * as z from 'zod';
import {
  argv,
  checkedText,
  duration,
  ownerAndName,
  identifier,
  named,
  onlyIn,
  percent,
  reference,
  words,
} from '../values.ts';

const common = {
  description: words().optional().describe('What this part does.'),
  environments: onlyIn(),
  order: z
    .int()
    .min(0)
    .default(100)
    .describe('Smaller numbers are rolled back first. Default: 100'),
  depends_on: z
    .array(identifier())
    .default([])
    .describe('Targets that have to be done before this one. Default: none'),
  timeout: duration({ max: 3_600_000 })
    .prefault('4m')
    .describe('Longest time for one deployment of this target. Default: 4m'),
};

const programTimeout = duration({ max: 3_600_000 });
const PLACES =
  'Arguments may contain {tag}, {commit}, {artefact} (as recorded), {service}, {environment} and {target}.';

const command = z.strictObject({
  kind: z.literal('command').describe('Any program on this machine.'),
  ...common,
  preflight: argv()
    .optional()
    .describe(`Program that exits 0 when the release can be deployed. ${PLACES} Default: none`),
  deploy: argv().describe(`Program that deploys the release; may run twice. ${PLACES}`),
  current: argv().describe(
    `Program that prints the tag that is live, or its commit, alone on one line, or {"tag", "commit"} as JSON. ${PLACES}`,
  ),
  read_timeout: programTimeout
    .prefault('10s')
    .describe('Longest time for preflight and for current. Default: 10s'),
  cwd: words().default('.').describe('Folder to run in, relative to this file. Default: .'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), reference())
    .default({})
    .describe('Environment variables, each by reference. Default: none'),
});

const WHERE = 'May contain {service}, {environment} and {target}.';
const REGION = 'Region. Default: that of an ARN, the first one of the environment, or AWS_REGION';

const lambdaAlias = z.strictObject({
  kind: z.literal('lambda-alias').describe('A Lambda function behind an alias.'),
  ...common,
  function_name: words().describe(`Name or ARN of the function. ${WHERE}`),
  alias: words().default('live').describe(`Alias that serves traffic. ${WHERE} Default: live`),
  region: words().optional().describe(REGION),
  shift: z
    .strictObject({
      share: percent().describe('Share of traffic that goes over first.'),
      wait: duration({ max: 900_000 }).describe('Time until all traffic goes over.'),
    })
    .optional()
    .describe('Move the traffic in two steps. Left out: at once.'),
});

const ecs = z.strictObject({
  kind: z.literal('ecs').describe('An ECS service.'),
  ...common,
  cluster: words().describe(`Name or ARN of the cluster. ${WHERE}`),
  service: words().describe(`Name of the ECS service. ${WHERE}`),
  container: words()
    .optional()
    .describe(`Container whose image is the release. ${WHERE} Left out: the only essential one.`),
  region: words().optional().describe(REGION),
  strategy: z
    .enum(['rolling', 'blue-green'])
    .default('rolling')
    .describe(
      'How the service replaces its tasks; a service that does it otherwise is refused. Default: rolling',
    ),
});

const batch = z.union([
  z
    .int()
    .min(1)
    .transform((machines) => ({ machines })),
  percent().transform((share) => ({ share })),
]);

const ssmCommand = z.strictObject({
  kind: z.literal('ssm-command').describe('A fleet of machines, through SSM Run Command.'),
  ...common,
  instances: z
    .record(words(), words())
    .describe(`Tags that a machine must have, all of them, to belong to the fleet. ${WHERE}`),
  preflight: argv()
    .optional()
    .describe(
      `Program on each machine that exits 0 when the release can be deployed. ${PLACES} Default: none`,
    ),
  deploy: argv().describe(`Program on each machine that deploys the release. ${PLACES}`),
  current: argv().describe(
    'Program on each machine that prints the tag that is live, alone on one line, or {"tag", "commit"} as JSON.',
  ),
  read_timeout: programTimeout
    .prefault('20s')
    .describe('Longest time for preflight and for current, on all machines. Default: 20s'),
  units: z.array(words()).default([]).describe('systemd units to restart, in order. Default: none'),
  batch: batch
    .prefault(1)
    .describe('Machines at a time: a number, or a share such as "25%". Default: 1'),
  max_failures: z
    .int()
    .min(0)
    .default(0)
    .describe('Failed machines after which no further batch starts. Default: 0'),
  region: words().optional().describe(REGION),
});

const RUN_PLACES =
  'May contain {tag}, {commit}, {service}, {environment}, {target}, {incident} and {fence}.';

const workflow = z.strictObject({
  kind: z.literal('workflow').describe("The team's own deploy workflow on GitHub."),
  ...common,
  repository: ownerAndName()
    .optional()
    .describe('owner/name of the workflow. Default: the repository of the service'),
  file: checkedText('^[^/]+\\.ya?ml$', (value) =>
    /^[^/]+\.ya?ml$/.test(value)
      ? undefined
      : {
          message: `"${value}" is not the file name of a workflow`,
          remedy: 'Write the name in .github/workflows, such as "deploy.yml".',
        },
  ).describe('File name of the workflow, such as deploy.yml.'),
  ref: z
    .enum(['tag', 'default_branch'])
    .default('tag')
    .describe('Which version of the workflow file runs. Default: tag'),
  inputs: z
    .record(words(), z.string())
    .default({})
    .describe(`Inputs of the workflow. ${RUN_PLACES} Also {artefact}, as recorded. Default: none`),
  run_name: words()
    .optional()
    .describe(
      `What its runs are called: \`run-name\` of the workflow, with our words for its inputs. ${RUN_PLACES} Left out: names say nothing.`,
    ),
  live_from: z
    .enum(['deployments', 'runs'])
    .default('deployments')
    .describe(
      "What says which release is live: GitHub's deployments of the environment, or every run of the workflow. Default: deployments",
    ),
  token: reference()
    .optional()
    .describe(
      'Reference to a token that may start workflows. Default: that of the environment, or GITHUB_TOKEN',
    ),
});

export const targets = named(
  z.discriminatedUnion('kind', [command, lambdaAlias, ecs, ssmCommand, workflow]),
);
