import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** What a source file names after `from`, `import` or `import(`, as it is written there. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)['"]([^'"]+)['"]/g;
  return [...text.matchAll(pattern)].flatMap((match) => match[1] ?? []);
}

/** Everything that a file reaches: files from the root, packages by name. */
function reach(start: string): Set<string> {
  const seen = new Set<string>();
  const open = [resolve(root, start)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    const name = relative(root, file);
    if (seen.has(name)) continue;
    seen.add(name);
    for (const target of importsOf(file)) {
      if (target.startsWith('.')) open.push(resolve(file, '..', target));
      else seen.add(target);
    }
  }
  return seen;
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

const layerOf = (name: string): string => name.split('/').slice(0, 2).join('/');

describe('what a file can reach through its imports', () => {
  it('is found: the reader sees types, values and exports, and follows them', () => {
    const reached = reach('src/wiring/direct-stores.ts');
    for (const name of ['pg', 'ioredis', 'src/adapters/postgres/leases.ts', 'src/model/json.ts']) {
      expect(reached).toContain(name);
    }
    const ours = [...reached].filter((name) => name.startsWith('src/'));
    expect(ours.filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });

  it('from making safe is no adapter: nobody it would have to wait for', () => {
    const reached = [...reach('src/operations/make-safe.ts')];
    const outside = reached.filter(
      (name) => !['src/operations', 'src/model', 'src/ports'].includes(layerOf(name)),
    );
    expect(outside.toSorted()).toEqual(['node:crypto', 'semver']);
  });

  it('from control-emergency is nothing that lifts, resets, closes, edits flags or deploys', () => {
    const reached = [...reach('src/operations/control/emergency.ts')];
    const acts = /(lift|recover|close-incident|publish|execute-plan|step-handler|roll-back|maint)/;
    expect(reached).toContain('src/model/scope.ts');
    expect(reached.filter((name) => acts.test(name))).toEqual([]);
  });

  it('from answering an alarm is nothing that lifts, resets, closes, edits flags or plans a release', () => {
    const reached = [...reach('src/operations/answer-alarm.ts')];
    const acts =
      /(lift-override|recover\.ts|close-incident|publish-flags|roll-back\.ts|choose-release)/;
    expect(reached).toContain('src/operations/make-safe.ts');
    expect(reached.filter((name) => acts.test(name))).toEqual([]);
  });

  it('from the guard is nothing that carries out a plan, makes safe, lifts, deploys or records', () => {
    const reached = [...reach('src/operations/guard-releases.ts')];
    const acts =
      /(execute-plan|step-handler|maint|make-safe|lift|roll-back|recover|record-release)/;
    expect(reached).toContain('src/operations/guard-situation.ts');
    expect(reached.filter((name) => acts.test(name))).toEqual([]);
  });

  it.each(filesIn('src/model'))('from %s is the model alone', (file) => {
    const outside = [...reach(file)].filter((name) => layerOf(name) !== 'src/model');
    expect(outside.filter((name) => !['node:crypto', 'semver'].includes(name))).toEqual([]);
  });

  it.each(filesIn('src/operations'))('from %s is neither an adapter nor a setting', (file) => {
    const outside = [...reach(file)].filter(
      (name) => !['src/operations', 'src/model', 'src/ports'].includes(layerOf(name)),
    );
    expect(outside.filter((name) => !['node:crypto', 'semver'].includes(name))).toEqual([]);
  });
});
