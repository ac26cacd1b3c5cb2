/**
 * The features that are not built yet, and the settings that would need them.
 * Whoever builds a feature removes its line here.
 */
import type { Need, UnavailableSetting } from './availability.ts';
import { formatPath, type Path } from './problems.ts';
import { type BackoutConfig, configSchema } from './schema.ts';
import { findUnbuiltRules } from './unbuilt-rules.ts';

const EVERYTHING: Need[] = [
  'flags',
  'application',
  'database',
  'validate',
  'recover',
  'assess',
  'automation',
  'messages',
  'postmortem',
  'rehearse',
  'restart',
  'flush',
  'record',
];

/** Every setting of a configuration whose feature is not built yet, in the order of the file. */
export function findUnbuilt(config: BackoutConfig): UnavailableSetting[] {
  return [
    ...fromEnvironments(config),
    ...fromFlags(config),
    ...findUnbuiltRules(config),
    ...fromParts(config),
    ...fromChecks(config),
    ...fromMessages(config),
    ...fromDefaults(config),
  ];
}

function missing(
  path: Path,
  feature: string,
  needs: Need[],
  environments?: string[],
): UnavailableSetting {
  return {
    path: formatPath(path),
    feature,
    needed_by: needs,
    ...(environments === undefined ? {} : { environments }),
  };
}

function fromEnvironments(config: BackoutConfig): UnavailableSetting[] {
  return Object.entries(config.environments).flatMap(([id, one]) => {
    const path: Path = ['environments', id];
    const found: UnavailableSetting[] = [];
    const add = (rest: Path, feature: string, needs: Need[]): void => {
      found.push(missing([...path, ...rest], feature, needs, [id]));
    };
    if (one.reach === 'lambda') add(['reach'], 'reaching through functions', EVERYTHING);
    if (one.journal !== undefined && one.journal.schema !== 'backout') {
      add(['journal', 'schema'], 'another schema for the journal', EVERYTHING);
    }
    return found;
  });
}

function fromFlags(config: BackoutConfig): UnavailableSetting[] {
  return Object.entries(config.flags.groups).flatMap(([id, group]) => {
    const path: Path = ['flags', 'groups', id];
    const found: UnavailableSetting[] = [];
    if (group.layout === 'parameter-per-flag') {
      found.push(
        missing([...path, 'layout'], 'switching flags that have a parameter each', [
          'flags',
          'recover',
          'rehearse',
        ]),
      );
    }
    return found;
  });
}

/** Everything in a section whose feature is not built at all. */
function whole(
  section: string,
  all: Readonly<Record<string, { environments?: string[] | undefined }>>,
  feature: string,
  needs: Need[],
): UnavailableSetting[] {
  return Object.entries(all).map(([id, one]) =>
    missing([section, id], feature, needs, one.environments),
  );
}

function fromParts(config: BackoutConfig): UnavailableSetting[] {
  const services = Object.entries(config.services).flatMap(([id, { kind, environments }]) =>
    kind === 'command' || kind === 'systemd'
      ? []
      : [
          missing(
            ['services', id, 'kind'],
            `restarting services of kind ${kind}`,
            ['database', 'restart'],
            environments,
          ),
        ],
  );
  return [
    ...whole('databases', config.databases, 'rolling databases back', ['database']),
    ...services,
  ];
}

function fromChecks({ checks, metrics }: BackoutConfig): UnavailableSetting[] {
  if (metrics?.kind !== 'cloudwatch') return [];
  const feature = 'reading metrics from CloudWatch';
  const asking = Object.entries(checks).flatMap(([id, check]) =>
    check.kind === 'metric'
      ? // A rollback that cannot be validated must not report success.
        [
          missing(
            ['checks', id, 'kind'],
            feature,
            ['validate', 'application', 'database'],
            check.environments,
          ),
        ]
      : [],
  );
  return [...asking, missing(['metrics', 'kind'], feature, ['automation'])];
}

function fromMessages({ messages, escalation, postmortem }: BackoutConfig): UnavailableSetting[] {
  const found = Object.entries(messages.channels).flatMap(([id, channel]) =>
    channel.kind === 'console' || channel.kind === 'webhook'
      ? []
      : [
          missing(['messages', 'channels', id, 'kind'], `messages to ${channel.kind}`, [
            'messages',
          ]),
        ],
  );
  if (Object.keys(messages.templates).length > 0) {
    found.push(missing(['messages', 'templates'], 'words of your own', ['messages']));
  }
  for (const [id, contact] of Object.entries(escalation)) {
    if (contact.channels.length === 0 && contact.mention === undefined) continue;
    found.push(missing(['escalation', id], 'calling contacts', ['messages']));
  }
  if (postmortem.publish === 'pull_request') {
    found.push(missing(['postmortem', 'publish'], 'opening pull requests', ['postmortem']));
  }
  if (postmortem.template !== undefined) {
    found.push(missing(['postmortem', 'template'], 'templates of your own', ['postmortem']));
  }
  return found;
}

/** Sections that have a value even when left out: named only if they differ from that. */
const NOT_YET = {
  evidence: ['keeping evidence', ['postmortem']],
} as const satisfies Partial<Record<keyof BackoutConfig, readonly [string, readonly Need[]]>>;

/** Single settings, likewise: section, key, what is missing, what cannot be done. */
const NOT_YET_KEYS = [
  ['breakers', 'half_open_failures', 'counting failed trial calls', ['recover']],
  ['budgets', 'make_safe', 'a budget for making safe', ['messages']],
  ['budgets', 'assess', 'a budget for assessing', ['messages']],
  ['flags', 'poll_every', 'telling applications how often to look', []],
  // A plan made while another rollback is under way would be one of a state half-way.
  ['lease', 'wait', 'waiting for another rollback', ['application']],
] as const satisfies readonly (readonly [keyof BackoutConfig, string, string, readonly Need[]])[];

function fromDefaults(config: BackoutConfig): UnavailableSetting[] {
  const defaults = configSchema.parse({ service: config.service, environments: {} });
  const differs = (...path: string[]): boolean => {
    const [written, untouched] = [config, defaults].map((root) =>
      JSON.stringify(valueAt(root, path)),
    );
    return written !== untouched;
  };
  const keys = NOT_YET_KEYS.filter(([section, key]) => differs(section, key));
  const sections = Object.entries(NOT_YET).filter(([section]) => differs(section));
  return [
    ...sections.map(([section, [feature, needs]]) => missing([section], feature, [...needs])),
    ...keys.map(([section, key, feature, needs]) => missing([section, key], feature, [...needs])),
  ];
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : value),
    root,
  );
}
