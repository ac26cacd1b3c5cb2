/** Reads `backout.yml`: either a complete configuration, or everything that is wrong with it. */
import { createHash } from 'node:crypto';
import { type Document, LineCounter, parseDocument, visit } from 'yaml';
import { checkConsistency } from './consistency.ts';
import { checkShape, type Finding } from './explain.ts';
import { locate, locateKey, placeAt } from './locate.ts';
import { ConfigError, type ConfigProblem, formatPath } from './problems.ts';
import { readConfigFile } from './read-file.ts';
import { type BackoutConfig, configSchema } from './schema.ts';
import { checkTexts } from './texts.ts';
import type { Complaint } from './values.ts';

/** A configuration is a page or two; more than this is a mistake or an attack. */
const LARGEST_FILE = 1024 * 1024;

/** Uses of one anchored block, all uses in blocks of blocks counted: stops exponential growth. */
const MOST_ALIASES = 100;

/** Problems shown at most: a file of noise would otherwise fill the terminal. */
const MOST_PROBLEMS = 200;

/** Problems looked up at most: finding the line of each takes time. */
const MOST_LOCATED = 1_000;

export interface LoadedConfig {
  config: BackoutConfig;
  /** SHA-256 of the exact bytes of the file, lower-case hexadecimal; in every plan and message. */
  hash: string;
}

/**
 * Reads a configuration file.
 *
 * @throws BackoutError E_CONFIG_FILE when it cannot be read; ConfigError when it cannot be used.
 */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  return parseConfig(await readConfigFile(file), { file });
}

/**
 * Checks the text of a configuration. Give the bytes as they are in the file where you have them:
 * the hash is of exactly those.
 *
 * @param origin.file The name to use in messages.
 * @throws ConfigError with every problem at once.
 */
export function parseConfig(source: string | Uint8Array, origin: { file: string }): LoadedConfig {
  const bytes = typeof source === 'string' ? Buffer.from(source, 'utf8') : source;
  const hash = createHash('sha256').update(bytes).digest('hex');
  const fail = (complaint: Complaint): never => {
    throw new ConfigError(origin.file, [{ path: '', line: 1, column: 1, ...complaint }]);
  };
  if (bytes.byteLength > LARGEST_FILE) {
    return fail({
      message: `the file has ${bytes.byteLength} bytes; ${LARGEST_FILE} are the most`,
      remedy: 'Keep one service per file.',
    });
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail({ message: 'the file is not UTF-8 text', remedy: 'Save it as UTF-8.' });
  }

  const { config, problems } = guardDepth(() => checkText(text), fail);
  if (config === undefined || problems.length > 0) throw new ConfigError(origin.file, problems);
  return { config, hash };
}

interface Checked {
  config?: BackoutConfig;
  /** Sorted by line. */
  problems: ConfigProblem[];
}

/** Blocks in blocks without end exhaust the stack, wherever they are looked at. */
function guardDepth(check: () => Checked, fail: (complaint: Complaint) => never): Checked {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    return fail({ message: 'blocks are nested too deeply', remedy: 'Write fewer levels.' });
  }
}

function checkText(text: string): Checked {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    // Not "silent": that would also hide a second document.
    logLevel: 'error',
  });
  const problems = [...yamlProblems(document, lines, text), ...aliasProblems(document, lines)];
  // After a key given twice the rest still means something; after anything else it does not.
  const isBroken = problems.some((problem) => !problem.message.endsWith('is there twice'));
  if (isBroken) return { problems: inOrder(problems) };
  const checked = checkDocument(document, lines);
  return { ...checked, problems: inOrder([...problems, ...checked.problems]) };
}

/** What the YAML itself has wrong: its syntax, keys given twice, unknown tags. */
function yamlProblems(document: Document, lines: LineCounter, text: string): ConfigProblem[] {
  return [...document.errors, ...document.warnings].map((error) => {
    const place = placeAt(lines, error.pos[0]);
    if (error.code === 'DUPLICATE_KEY') {
      const key = /^["']?([^"':\s]*)/.exec(text.slice(error.pos[0]))?.[1] ?? '';
      return {
        path: key,
        ...place,
        message: `the key "${key}" is there twice`,
        remedy: 'Keep one of them: the second would silently win.',
      };
    }
    const hints: Partial<Record<typeof error.code, string>> = {
      TAB_AS_INDENT: 'Indent with spaces.',
      BAD_INDENT: 'Indent the lines of one block alike.',
      MULTIPLE_DOCS: 'Remove the line "---" and what follows: one file is one service.',
      TAG_RESOLVE_FAILED: 'Remove the tag (the word with "!").',
    };
    return {
      path: '',
      ...place,
      message: `this is not valid YAML: ${lowerFirst(error.message.replace(/[.\s]+$/, ''))}`,
      remedy:
        hints[error.code] ?? 'Compare with the lines above and below; quote texts with ":" or "#".',
    };
  });
}

/** Uses of anchors that are not there, or that stand in what they stand for. */
function aliasProblems(document: Document, lines: LineCounter): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Alias(_key, alias, ancestors) {
      const target = alias.resolve(document);
      const message =
        target === undefined
          ? `nothing above is named "&${alias.source}"`
          : `"*${alias.source}" stands in the block that it stands for`;
      if (target !== undefined && !ancestors.some((ancestor) => ancestor === target)) return;
      problems.push({
        path: '',
        ...placeAt(lines, alias.range?.[0] ?? 0),
        message,
        remedy: 'Write the block out.',
      });
    },
  });
  return problems;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1).replaceAll('\n', ' ');
}

function checkDocument(document: Document, lines: LineCounter): Checked {
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (cause) {
    // The library refuses to unfold blocks that would grow without bound.
    if (!(cause instanceof ReferenceError)) throw cause;
    return {
      problems: [
        {
          path: '',
          ...placeAt(lines, 0),
          message: 'anchored blocks are used too often in each other',
          remedy: 'Write the blocks out instead of using "*name".',
        },
      ],
    };
  }
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) {
    const message = raw === null ? 'the file is empty' : 'the file is not a block of keys';
    const remedy = 'Start with "service:" and "environments:"; see docs/configuration.md.';
    return { problems: [{ path: '', ...placeAt(lines, 0), message, remedy }] };
  }

  const shape = checkShape(configSchema, raw);
  const findings = merge([
    checkTexts(document),
    shape.ok ? [] : shape.findings,
    checkConsistency(raw),
  ]);
  const problems = findings.slice(0, MOST_LOCATED).map(({ path, at, message, remedy }) => ({
    path: formatPath(path),
    ...(at === 'key' ? locateKey(document, lines, path) : locate(document, lines, path)),
    message,
    remedy,
  }));
  return shape.ok ? { config: shape.value, problems } : { problems };
}

/**
 * One source of findings after another; where an earlier one has said what is wrong, a later one
 * would only repeat it in worse words.
 */
function merge(sources: readonly (readonly Finding[])[]): Finding[] {
  const merged: Finding[] = [];
  for (const source of sources) {
    const said = new Set(merged.map((finding) => formatPath(finding.path)));
    merged.push(...source.filter((finding) => !said.has(formatPath(finding.path))));
  }
  return merged;
}

function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return sorted.slice(0, MOST_PROBLEMS);
}
