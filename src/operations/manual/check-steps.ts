import { describeSeconds } from '../../model/message-lines.ts';
import { canonicalJson } from '../../model/json.ts';
import { quote, valueOf } from '../../model/shell.ts';
import type {
  ManualCheck,
  ManualExpectation,
  ManualFacts,
  ManualStep,
  ManualValue,
} from './facts.ts';

type HttpCheck = Extract<ManualCheck, { kind: 'http' }>;

/** Whether the service is well: what backout.yml asks, as far as a person can ask it. */
export function checkStep({ checks, stages, bake }: ManualFacts): ManualStep {
  const asked = checks.filter((check): check is HttpCheck => check.kind === 'http');
  const now = asked.filter(({ expect }) => expect !== undefined);
  const skipped = asked.filter(({ expect }) => expect === undefined).map(({ name }) => name);
  const times = stages.map(({ name, afterMs }) => `${name} (${after(afterMs)})`).join(', ');
  const status = now.flatMap(({ expect }) => [expect?.status ?? []].flat());
  return {
    title: 'See that the service is well',
    why:
      `Look at each of these times after the last deployment: ${times}; and about every ` +
      `${describeSeconds(bake.everyMs / 1_000)} in between. It is good when all of it stayed good for ` +
      `${describeSeconds(bake.durationMs / 1_000)}.`,
    commands: [],
    look: now.map(curl),
    ...(now.length === 0
      ? {}
      : { expect: `Statuses: ${[...new Set(status)].map((one) => `\`${one}\``).join(', ')}.` }),
    notes: [
      ...now.map(({ name, expect }) => `${name}: ${describe(expect)}`),
      ...skipped.map((name) => `${name}: not asked while the safe state is on.`),
      ...checks.flatMap((check) =>
        check.kind === 'words' ? check.tries.map((words) => `${check.name}: ${words}`) : [],
      ),
      ...(checks.length === 0 ? ['backout.yml names no check: use the service yourself.'] : []),
    ],
  };
}

const after = (ms: number): string => (ms === 0 ? 'at once' : describeSeconds(ms / 1_000));

/** Shows status and answer; follows no redirect, as the checks do not. */
function curl({ url, method, headers, body, timeoutMs }: HttpCheck): string {
  const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1_000)));
  const methodWords =
    method === 'HEAD' ? ['-I'] : method === 'GET' ? ['-i'] : ['-i', '-X', quote(method)];
  const words = Object.entries(headers).flatMap(([name, value]) => [
    '-H',
    `${quote(`${name}: `)}${word(value)}`,
  ]);
  // An empty type takes away the one that curl would invent.
  const hasType = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  const data =
    body === undefined
      ? []
      : [...(hasType ? [] : ['-H', "'content-type:'"]), '--data-raw', word(body)];
  return ['curl -gsS', ...methodWords, '-m', seconds, ...words, ...data, quote(url)].join(' ');
}

function word(value: ManualValue): string {
  return 'text' in value ? quote(value.text) : valueOf(value.variable);
}

function describe(expect: ManualExpectation | undefined): string {
  if (expect === undefined) return '';
  const { status, body_contains: text, json, within } = expect;
  const parts = [
    `status ${[status].flat().join(' or ')}`,
    ...(text === undefined ? [] : [`the body contains ${JSON.stringify(text)}`]),
    ...Object.entries(json ?? {}).map(([at, value]) => `${at} is ${canonicalJson(value)}`),
    ...(within === undefined ? [] : [`within ${within} ms`]),
  ];
  return `${parts.join('; ')}.`;
}
