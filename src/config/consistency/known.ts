/** Names that may be referred to, and the findings that every reference check shares. */
import type { Finding } from '../explain.ts';
import type { Path } from '../problems.ts';
import { block, texts } from '../raw.ts';
import { MATRIX, SIGNALS } from '../sections/matrix.ts';
import { suggestRemedy } from '../suggest.ts';

/** Contacts that every configuration has (section escalation). */
const CONTACTS = ['on_call', 'commander', 'database_admin', 'engineering_manager', 'cto'];

/** Everything that another place of the file may name. Read from unchecked input. */
export function knownNames(raw: unknown) {
  const keys = (...path: string[]): string[] => Object.keys(block(raw, ...path));
  const providers = keys('breakers', 'providers');
  const tags = providers.flatMap((id) =>
    texts(block(raw, 'breakers', 'providers', id)['tags']).map((tag) => `tag:${tag.text}`),
  );
  return {
    environments: keys('environments'),
    groups: keys('flags', 'groups'),
    providers,
    tags: [...new Set(tags)],
    targets: keys('targets'),
    databases: keys('databases'),
    caches: keys('caches'),
    services: keys('services'),
    checks: keys('checks'),
    rules: [...Object.keys(MATRIX), ...keys('rules')],
    signals: [...new Set([...Object.keys(SIGNALS), ...keys('metrics', 'signals')])],
    channels: keys('messages', 'channels'),
    contacts: [...new Set([...CONTACTS, ...keys('escalation')])],
  };
}

export type KnownNames = ReturnType<typeof knownNames>;

/** A finding when `word` is none of the known names of its kind. */
export function unknownName(
  what: string,
  word: unknown,
  known: readonly string[],
  path: Path,
): Finding[] {
  if (typeof word !== 'string' || known.includes(word)) return [];
  return [
    { path, message: `${what} "${word}" is not defined`, remedy: suggestRemedy(word, known) },
  ];
}

/** The same for every text of a list. */
export function unknownNames(
  what: string,
  list: unknown,
  known: readonly string[],
  path: Path,
): Finding[] {
  return texts(list).flatMap(({ text, at }) => unknownName(what, text, known, [...path, at]));
}

/** Findings about things that wait for each other, or for themselves. */
export function findCycles(section: string, raw: unknown): Finding[] {
  const waitsFor = new Map(
    Object.keys(block(raw, section)).map((id) => [
      id,
      texts(block(raw, section, id)['depends_on']).map((one) => one.text),
    ]),
  );
  const done = new Set<string>();
  const findings: Finding[] = [];
  const visit = (id: string, way: readonly string[]): void => {
    const start = way.indexOf(id);
    if (start >= 0) {
      const circle = [...way.slice(start), id].join(' → ');
      findings.push({
        path: [section, way.at(-1) ?? id, 'depends_on'],
        message: `these wait for each other: ${circle}`,
        remedy: 'Remove one of these dependencies.',
      });
      return;
    }
    if (done.has(id)) return;
    for (const next of waitsFor.get(id) ?? []) visit(next, [...way, id]);
    done.add(id);
  };
  for (const id of waitsFor.keys()) visit(id, []);
  return findings;
}

const PLACE = /\{([A-Za-z][A-Za-z0-9_.-]*)\}/g;

/** Findings about `{words}` in texts that nothing would replace. */
export function unknownPlaces(value: unknown, known: readonly string[], path: Path): Finding[] {
  if (typeof value === 'string') {
    return [...value.matchAll(PLACE)].flatMap((match) => {
      const word = match[1] ?? '';
      if (known.includes(word)) return [];
      return [
        { path, message: `nothing replaces "{${word}}"`, remedy: suggestRemedy(word, known) },
      ];
    });
  }
  if (Array.isArray(value)) {
    const list: unknown[] = value;
    return list.flatMap((item, at) => unknownPlaces(item, known, [...path, at]));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) =>
      unknownPlaces(item, known, [...path, key]),
    );
  }
  return [];
}
