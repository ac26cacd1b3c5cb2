/** Checks, metrics, messages and contacts against what they name. */
import type { Finding } from '../explain.ts';
import type { Path } from '../problems.ts';
import { block, blocks, isBlock, type RawBlock, texts } from '../raw.ts';
import { type KnownNames, unknownName, unknownNames, unknownPlaces } from './known.ts';
import { needsGithub } from './github.ts';
import { checkThreshold } from './rules.ts';

export function checkChecks(raw: unknown, known: KnownNames): Finding[] {
  return blocks(raw, 'checks').flatMap(([id, check]) => {
    const path: Path = ['checks', id];
    switch (check['kind']) {
      case 'http':
        return checkAddress(raw, check, check['url'], [...path, 'url']);
      case 'journey':
        return checkJourney(raw, check, path);
      case 'sql':
        return unknownName('the database', check['database'], known.databases, [
          ...path,
          'database',
        ]);
      case 'flags-safe':
        return unknownNames('the flag group', check['groups'], known.groups, [...path, 'groups']);
      case 'breakers':
        return unknownNames('the provider', check['providers'], known.providers, [
          ...path,
          'providers',
        ]);
      case 'metric': {
        const { signal, expect, under_safe_state: safe } = check;
        return [
          ...unknownName('the signal', signal, known.signals, [...path, 'signal']),
          ...(expect === undefined ? [] : checkThreshold(raw, signal, expect, [...path, 'expect'])),
          ...(isBlock(safe) && safe['expect'] !== undefined
            ? checkThreshold(raw, signal, safe['expect'], [...path, 'under_safe_state', 'expect'])
            : []),
        ];
      }
      default:
        return [];
    }
  });
}

/** A path needs an address in front of it, in every environment in which the check is asked. */
function checkAddress(raw: unknown, check: RawBlock, url: unknown, path: Path): Finding[] {
  if (typeof url !== 'string' || !url.startsWith('/')) return [];
  const only = texts(check['environments']).map((one) => one.text);
  const without = blocks(raw, 'environments')
    .filter(([id]) => only.length === 0 || only.includes(id))
    .find(([, one]) => one['base_url'] === undefined);
  if (without === undefined) return [];
  return [
    {
      path,
      message: `"${url}" has no address: the environment "${without[0]}" has no base_url`,
      remedy: 'Add base_url there, or write the whole address here.',
    },
  ];
}

function checkJourney(raw: unknown, check: RawBlock, path: Path): Finding[] {
  const places = ['unique', 'service', 'environment'];
  const steps: unknown[] = Array.isArray(check['steps']) ? check['steps'] : [];
  return steps.flatMap((step, at) => {
    if (!isBlock(step)) return [];
    const here: Path = [...path, 'steps', at];
    const found = ['url', 'headers', 'body'].flatMap((key) =>
      unknownPlaces(step[key], places, [...here, key]),
    );
    places.push(...Object.keys(block(step, 'capture')));
    return [...found, ...checkAddress(raw, check, step['url'], [...here, 'url'])];
  });
}

export function checkMetrics(raw: unknown, known: KnownNames): Finding[] {
  const signals =
    block(raw, 'metrics')['kind'] === 'cloudwatch'
      ? blocks(raw, 'metrics', 'signals').flatMap(([id, signal]) => {
          const count = Object.keys(block(signal, 'metrics')).length;
          if (count === 1 || signal['expression'] !== undefined) return [];
          return [
            {
              path: ['metrics', 'signals', id],
              message: `${count} metrics and nothing that makes one value of them`,
              remedy: 'Add expression:, such as "errors / requests".',
            },
          ];
        })
      : [];
  const any: unknown = block(raw, 'customer_impact')['any'];
  const symptoms: unknown[] = Array.isArray(any) ? any : [];
  const impact = symptoms.flatMap((symptom, at) => {
    if (!isBlock(symptom)) return [];
    const path: Path = ['customer_impact', 'any', at];
    return [
      ...unknownName('the signal', symptom['signal'], known.signals, [...path, 'signal']),
      ...checkThreshold(raw, symptom['signal'], symptom['threshold'], [...path, 'threshold']),
    ];
  });
  return [...signals, ...impact];
}

export function checkMessages(raw: unknown, known: KnownNames): Finding[] {
  const channels = isBlock(block(raw, 'messages')['channels']) ? known.channels : ['console'];
  const contacts = blocks(raw, 'escalation').flatMap(([id, contact]) =>
    unknownNames('the channel', contact['channels'], channels, ['escalation', id, 'channels']),
  );
  const github = blocks(raw, 'messages', 'channels').flatMap(([id, channel]) =>
    channel['kind'] === 'github' && channel['repository'] === undefined
      ? needsGithub(raw, ['messages', 'channels', id])
      : [],
  );
  const pullRequest =
    block(raw, 'postmortem')['publish'] === 'pull_request'
      ? needsGithub(raw, ['postmortem', 'publish'])
      : [];
  return [...contacts, ...github, ...pullRequest];
}
