/** Targets, databases, caches and services against what they name. */
import type { Finding } from '../explain.ts';
import type { Path } from '../problems.ts';
import { block, blocks, isBlock, type RawBlock, texts } from '../raw.ts';
import { parseDuration, parsePercent } from '../values.ts';
import { checkWorkflow } from './workflow.ts';
import { findCycles, type KnownNames, unknownName, unknownNames, unknownPlaces } from './known.ts';

/** Words in braces that are replaced in what a target runs. */
const TARGET_PLACES = ['tag', 'commit', 'artefact', 'service', 'environment', 'target'];

/** Words that say where a target is: which release it is has nothing to do with that. */
const WHERE_PLACES = ['service', 'environment', 'target'];

/** Keys of a target that say where it is. */
const WHERE = ['function_name', 'alias', 'cluster', 'service', 'container', 'instances', 'units'];

/** Keys of a target whose texts may contain those words. */
const WITH_PLACES = ['preflight', 'deploy', 'current', 'cwd'];

export function checkTargets(raw: unknown, known: KnownNames): Finding[] {
  const each = blocks(raw, 'targets').flatMap(([id, target]) => {
    const path: Path = ['targets', id];
    return [
      ...unknownNames('the target', target['depends_on'], known.targets, [...path, 'depends_on']),
      ...WITH_PLACES.flatMap((key) => unknownPlaces(target[key], TARGET_PLACES, [...path, key])),
      ...WHERE.flatMap((key) => unknownPlaces(target[key], WHERE_PLACES, [...path, key])),
      ...checkShift(target, path),
      ...(target['kind'] === 'ssm-command' ? checkFleet(target, path) : []),
      ...(target['kind'] === 'workflow' ? checkWorkflow(raw, target, path) : []),
    ];
  });
  return [...each, ...findCycles('targets', raw)];
}

/** Both steps of a shift have to fit into the time of the whole deployment. */
function checkShift(target: RawBlock, path: Path): Finding[] {
  const { share, wait } = block(target, 'shift');
  const waitMs = typeof wait === 'string' ? parseDuration(wait) : undefined;
  const limitMs = parseDuration(typeof target['timeout'] === 'string' ? target['timeout'] : '4m');
  const findings: Finding[] = [];
  if (waitMs !== undefined && limitMs !== undefined && waitMs >= limitMs) {
    findings.push({
      path: [...path, 'shift', 'wait'],
      message: `is ${String(wait)}, and the whole deployment may take no longer than ${limitMs / 1000} s`,
      remedy: 'Wait less, or give this target a longer timeout.',
    });
  }
  const part = typeof share === 'string' ? parsePercent(share) : undefined;
  if (part === 0 || part === 1) {
    findings.push({
      path: [...path, 'shift', 'share'],
      message: `is ${String(share)}, which is no share of the traffic`,
      remedy: 'Write something between 0% and 100%, such as "10%", or leave out shift.',
    });
  }
  return findings;
}

/** What becomes a script of SSM: it would replace double braces before the machine sees them. */
const SCRIPTED = ['preflight', 'deploy', 'current', 'units'];

function checkFleet(target: RawBlock, path: Path): Finding[] {
  const braces = SCRIPTED.flatMap((key) =>
    texts(target[key])
      .filter(({ text }) => text.includes('{{'))
      .map(({ at }) => ({
        path: [...path, key, at],
        message: 'contains "{{", which SSM replaces by parameters of its own',
        remedy: 'Read the parameter in a program on the machine.',
      })),
  );
  const { instances } = target;
  if (!isBlock(instances) || Object.keys(instances).length > 0) return braces;
  const message = 'names no tag, so every machine of the account would belong to the fleet';
  return [
    ...braces,
    { path: [...path, 'instances'], message, remedy: 'Name at least one tag, such as Role: api.' },
  ];
}

export function checkServices(raw: unknown, known: KnownNames): Finding[] {
  const each = blocks(raw, 'services').flatMap(([id, service]) => {
    const path: Path = ['services', id];
    return [
      ...unknownNames('the service', service['depends_on'], known.services, [
        ...path,
        'depends_on',
      ]),
      ...unknownName('the check', service['check'], known.checks, [...path, 'check']),
    ];
  });
  return [...each, ...findCycles('services', raw)];
}

export function checkDatabases(raw: unknown, known: KnownNames): Finding[] {
  return blocks(raw, 'databases').flatMap(([id, database]) => {
    const path: Path = ['databases', id];
    const instance = block(database, 'instance');
    const managed = instance['kind'] === 'rds' || instance['kind'] === 'aurora';
    return [
      ...unknownNames('the cache', database['caches'], known.caches, [...path, 'caches']),
      ...unknownNames('the service', database['restarts'], known.services, [...path, 'restarts']),
      ...(managed && instance['id'] === undefined
        ? [
            {
              path: [...path, 'instance', 'id'],
              message: `is missing, and the server is ${String(instance['kind'])}`,
              remedy: 'Add the identifier of the instance or cluster.',
            },
          ]
        : []),
    ];
  });
}

export function checkCaches(raw: unknown): Finding[] {
  return blocks(raw, 'caches').flatMap(([id, cache]) => checkCache(cache, ['caches', id]));
}

function checkCache(cache: RawBlock, path: Path): Finding[] {
  const { prefix, database, exclusive } = cache;
  if (
    typeof prefix === 'string' &&
    ('backout:'.startsWith(prefix) || prefix.startsWith('backout:'))
  ) {
    return [
      {
        path: [...path, 'prefix'],
        message: `"${prefix}" covers the keys of Backout itself`,
        remedy: 'Choose a prefix that only the cache uses.',
      },
    ];
  }
  const chosen = [prefix, database].filter((one) => one !== undefined).length;
  if (chosen === 1 || (chosen === 0 && exclusive === true)) return [];
  return [
    {
      path,
      message:
        chosen === 0
          ? 'nothing says which keys belong to this cache'
          : 'a prefix and a database cannot be combined',
      remedy: 'Give a prefix or a database, or exclusive: true if the whole server is this cache.',
    },
  ];
}

/** The sections whose things may exist in some environments only. */
const LIMITED = ['targets', 'databases', 'caches', 'services', 'checks'];

export function checkLimits(raw: unknown, known: KnownNames): Finding[] {
  const limits = LIMITED.flatMap((section) =>
    blocks(raw, section).flatMap(([id, one]) =>
      unknownNames('the environment', one['environments'], known.environments, [
        section,
        id,
        'environments',
      ]),
    ),
  );
  const own = isBlock(raw) ? raw['service'] : undefined;
  const itself = texts(isBlock(raw) ? raw['depends_on'] : undefined).flatMap(({ text, at }) =>
    text === own
      ? [
          {
            path: ['depends_on', at],
            message: `the service "${text}" cannot wait for itself`,
            remedy: 'Remove it here.',
          },
        ]
      : [],
  );
  return [...limits, ...itself, ...checkStages(raw), ...checkTags(raw)];
}

function checkStages(raw: unknown): Finding[] {
  const stages = block(raw, 'stages');
  const at = (key: string, fallback: number): number => {
    const value = stages[key];
    return (typeof value === 'string' ? parseDuration(value) : undefined) ?? fallback;
  };
  const order = [at('now', 0), at('t+2', 120_000), at('t+10', 600_000)];
  if (order.every((ms, index) => index === 0 || ms > (order[index - 1] ?? 0))) return [];
  return [
    {
      path: ['stages'],
      message: 'the stages are not one after another',
      remedy: 'now has to be before t+2, and t+2 before t+10.',
    },
  ];
}

function checkTags(raw: unknown): Finding[] {
  const pattern = block(raw, 'repository')['tag_pattern'];
  if (typeof pattern !== 'string' || /^[A-Za-z0-9._/@+-]*\*$/.test(pattern)) return [];
  return [
    {
      path: ['repository', 'tag_pattern'],
      message: `"${pattern}" is not a tag pattern`,
      remedy: 'Write a prefix and one "*" at its end, such as "v*" or "payments/v*".',
    },
  ];
}
