/** Flags, breakers and environments: what the safe state is made of. */
import type { Finding } from '../explain.ts';
import type { Path } from '../problems.ts';
import { block, blocks, isBlock, type RawBlock } from '../raw.ts';
import { parsePercent } from '../values.ts';
import type { KnownNames } from './known.ts';

export function checkFlags(raw: unknown): Finding[] {
  const groupOf = new Map<string, string>();
  const canaries: string[] = [];
  const findings: Finding[] = [];
  for (const [group, settings] of blocks(raw, 'flags', 'groups')) {
    for (const [id, flag] of blocks(settings, 'flags')) {
      const path: Path = ['flags', 'groups', group, 'flags', id];
      findings.push(...checkFlag(flag, path), ...checkParameter(settings, flag, path));
      const other = groupOf.get(id);
      if (other !== undefined) {
        findings.push({
          path,
          message: `the flag "${id}" is also in the group "${other}"`,
          remedy: 'Keep it in one group: an application asks for a flag by its name alone.',
        });
      }
      groupOf.set(id, group);
      if (flag['canary'] === true) canaries.push(id);
      if (canaries.length > 1 && canaries.at(-1) === id) {
        findings.push({
          path: [...path, 'canary'],
          message: `"${canaries[0]}" is the canary already`,
          remedy: 'Mark one flag as canary.',
        });
      }
    }
  }
  return [...findings, ...checkLayouts(raw)];
}

function checkFlag(flag: RawBlock, path: Path): Finding[] {
  const { safe, default: base, leave_alone: reason } = flag;
  if (safe === undefined && reason === undefined) {
    return [
      {
        path,
        message: 'has no safe value',
        remedy:
          'Add safe: with the value for an emergency, or leave_alone: with the reason why it has none.',
      },
    ];
  }
  if (safe !== undefined && reason !== undefined) {
    return [
      {
        path: [...path, 'leave_alone'],
        message: 'there is a safe value and a reason to have none',
        remedy: 'Keep safe or leave_alone.',
      },
    ];
  }
  if (safe === undefined || base === undefined || typeof safe === typeof base) return [];
  return [
    {
      path: [...path, 'safe'],
      message: `safe is of type ${typeof safe}, default of type ${typeof base}`,
      remedy: 'Give both the same type. On and off are written true and false.',
    },
  ];
}

function checkParameter(group: RawBlock, flag: RawBlock, path: Path): Finding[] {
  if (group['layout'] !== 'parameter-per-flag') return [];
  if (group['parameter_path'] !== undefined || flag['parameter'] !== undefined) return [];
  return [
    {
      path,
      message: 'nothing says in which parameter this flag is',
      remedy: 'Add parameter_path to the group, or parameter to the flag.',
    },
  ];
}

function checkLayouts(raw: unknown): Finding[] {
  const kinds = blocks(raw, 'environments').map(
    ([id, one]) => [id, block(one, 'state')['kind'] === 'aws' ? 'aws' : 'embedded'] as const,
  );
  return blocks(raw, 'flags', 'groups').flatMap(([group, { layout }]) => {
    if (typeof layout !== 'string' || layout === 'auto') return [];
    const needed = layout === 'file' ? 'embedded' : 'aws';
    const wrong = kinds.find(([, kind]) => kind !== needed);
    if (wrong === undefined) return [];
    return [
      {
        path: ['flags', 'groups', group, 'layout'],
        message: `layout ${layout} does not fit the environment "${wrong[0]}", whose state is ${wrong[1]}`,
        remedy: 'Leave it out: "auto" chooses per environment.',
      },
    ];
  });
}

export function checkBreakers(raw: unknown): Finding[] {
  const providers = blocks(raw, 'breakers', 'providers');
  const holder = new Map<number, string>();
  const orders = providers.flatMap(([id, { recovery_order: order }]) => {
    if (typeof order !== 'number') return [];
    const other = holder.get(order);
    holder.set(order, id);
    if (other === undefined) return [];
    return [
      {
        path: ['breakers', 'providers', id, 'recovery_order'],
        message: `"${other}" recovers as number ${order} already`,
        remedy: 'Give each provider its own number: they recover one by one.',
      },
    ];
  });
  const samples = [
    checkSample(block(raw, 'breakers'), ['breakers']),
    ...providers.map(([id, one]) => checkSample(one, ['breakers', 'providers', id])),
  ];
  return [...orders, ...samples.flat()];
}

/** With no call let through, nothing would ever prove that a provider is back. */
function checkSample({ half_open_sample: sample }: RawBlock, path: Path): Finding[] {
  if (typeof sample !== 'string' || parsePercent(sample) !== 0) return [];
  return [
    {
      path: [...path, 'half_open_sample'],
      message: 'no call would be let through, so the breaker could never close',
      remedy: 'Write a share above "0%", such as "10%".',
    },
  ];
}

export function checkEnvironments(raw: unknown, known: KnownNames): Finding[] {
  const findings: Finding[] = [];
  const declared = isBlock(raw) ? raw['environments'] : undefined;
  if (isBlock(declared) && Object.keys(declared).length === 0) {
    findings.push({
      path: ['environments'],
      message: 'there is no environment',
      remedy: 'Add one, such as "production: {}".',
    });
  }
  for (const [id, one] of blocks(raw, 'environments')) {
    const path: Path = ['environments', id];
    const onAws = block(one, 'state')['kind'] === 'aws' || one['reach'] === 'lambda';
    for (const key of ['account', 'regions']) {
      if (!onAws || one[key] !== undefined) continue;
      findings.push({
        path: [...path, key],
        message: 'is missing, and this environment is on AWS',
        remedy: 'Add it: alarms from anywhere else are refused.',
      });
    }
    if (known.providers.length > 0 && one['redis'] === undefined) {
      findings.push({
        path: [...path, 'redis'],
        message: 'is missing, and there are circuit breakers',
        remedy: 'Add redis: with url: env:NAME, or remove the providers.',
      });
    }
  }
  return findings;
}
