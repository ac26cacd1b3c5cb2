import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';

const root = resolve(import.meta.dirname, '../..');

/** What git has or would take, as paths from the root. */
const files = execFileSync(
  'git',
  ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** `file:line: text` of every line that matches. */
function linesWith(pattern: RegExp, among: readonly string[]): string[] {
  return among.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
      ),
  );
}

/** The prose of a Markdown file: code is not followed by anybody. */
function proseOf(file: string): string {
  return read(file)
    .replaceAll(/^ *(`{3,}|~{3,})[^]*?^ *\1 *$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '`code`');
}

/** The fragments that headings of a Markdown file can be reached by. */
function anchorsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ +(.*)$/gm)].map(([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

interface Link {
  from: string;
  path: string;
  anchor: string | undefined;
}

function relativeLinksOf(from: string): Link[] {
  const targets = [
    ...proseOf(from).matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g),
    ...proseOf(from).matchAll(/^ *\[[^\]]+\]: +(\S+)/gm),
  ].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^[a-z][a-z+.-]*:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? from : relative(root, resolve(root, dirname(from), path));
      return { from, path: decodeURI(file), anchor };
    });
}

const markdown = files.filter((file) => file.endsWith('.md'));
const links = markdown.flatMap(relativeLinksOf);

test('Every file that a Markdown page links to is in the repository.', () => {
  const missing = links.filter(
    ({ path }) => !files.some((file) => file === path || file.startsWith(`${path}/`)),
  );
  expect(missing).toEqual([]);
});

test('Every heading that a Markdown page links to exists.', () => {
  const missing = links.filter(
    ({ path, anchor }) =>
      anchor !== undefined &&
      path.endsWith('.md') &&
      files.includes(path) &&
      !anchorsOf(path).includes(anchor),
  );
  expect(missing).toEqual([]);
});

test('No file says which package registry to use: that is for the machine to know.', () => {
  // In parts, so that this file is not one that says it.
  const hosts = [
    ['registry', 'npmjs', 'org'],
    ['npmjs', 'com'],
    ['registry', 'yarnpkg', 'com'],
    ['npm', 'pkg', 'github', 'com'],
    ['npmmirror', 'com'],
    ['jsr', 'io'],
    ['pypi', 'org'],
    ['pythonhosted', 'org'],
    ['deb', 'debian', 'org'],
    ['archive', 'ubuntu', 'com'],
    ['jfrog', 'io'],
  ].map((parts) => parts.join('\\.'));
  expect(linesWith(new RegExp(`\\b(${hosts.join('|')})\\b`, 'i'), files)).toEqual([]);
  expect(
    linesWith(
      /^\s*(@[\w-]+:)?registry\s*=/,
      files.filter((file) => file.endsWith('npmrc')),
    ),
  ).toEqual([]);
  expect(linesWith(/"resolved": "https?:/, ['package-lock.json'])).toEqual([]);
});

test('Every version in package.json is exact, and the one that the lock file has.', () => {
  const versions = z.record(z.string(), z.string()).default({});
  const manifest = z
    .object({ dependencies: versions, devDependencies: versions, optionalDependencies: versions })
    .parse(JSON.parse(read('package.json')));
  const lock = z
    .object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) })
    .parse(JSON.parse(read('package-lock.json')));
  const wanted = {
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  };
  const locked = Object.keys(wanted).map((name) => [
    name,
    lock.packages[`node_modules/${name}`]?.version,
  ]);
  expect(wanted).toEqual(Object.fromEntries(locked));
  expect(
    Object.values(wanted).filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
  ).toEqual([]);
});

const sources = files.filter((file) => /^(src|cli|client)\/.*\.ts$/.test(file));

test('The inner layers never ask for the time by themselves.', () => {
  // The linter knows Date.now(), but not this.
  const pure = sources.filter((file) => /^src\/(model|ports|operations)\//.test(file));
  expect(linesWith(/new Date\(\)/, pure)).toEqual([]);
});

test('Imports stand at the top, where the linter sees which layer they go to.', () => {
  const dynamic = linesWith(/\bimport\(|\brequire\(|\bcreateRequire\b/, sources);
  // A file of the same folder is of the same layer: it may be loaded when it is needed. So may a
  // package that starts to work when it is imported, and that an emergency must not wait for.
  const allowed = [
    /\bimport\('\.\/[\w-]+\.ts'\)/,
    /^src\/adapters\/sql\/parse-sql\.ts:\d+: .*await import\('libpg-query'\);$/,
    /^\S+ (\*|\/\/|\/\*)/,
  ];
  expect(dynamic.filter((line) => !allowed.some((one) => one.test(line)))).toEqual([]);
});

test('No source file is longer than 400 lines.', () => {
  const long = sources.filter((file) => read(file).trimEnd().split('\n').length > 400);
  expect(long).toEqual([]);
});

test('No test is left out or picked out.', () => {
  const tests = files.filter((file) => /^test\/.*\.(test|contract)\.ts$/.test(file));
  expect(linesWith(/\b(test|it|describe)(\.\w+)*\.(skip|only|todo|skipIf|runIf)\b/, tests)).toEqual(
    [],
  );
});
