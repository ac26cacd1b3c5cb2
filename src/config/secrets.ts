/** Secrets: recognised where they must not stand, and read from where they may. */
import { BackoutError } from '../model/error.ts';
import type { Scope } from '../model/scope.ts';
import type { Path } from './problems.ts';
import { type Complaint, isReference } from './values.ts';

/** Shapes of secrets that have no business in a file under version control. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i, 'an address with a password'],
  [
    /[?&](access_?token|api_?key|token|secret|password|signature)=[^&\s{]/i,
    'an address with a key',
  ],
  [/\b(AKIA|ASIA)[0-9A-Z]{16}\b/, 'an AWS access key'],
  [/\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}/, 'a GitHub token'],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{8,}/, 'a Slack token'],
  [/\bhooks\.slack\.com\/services\/\S+/, 'the address of a webhook'],
  [/\b[rs]k_(live|test)_[A-Za-z0-9]{8,}/, 'a payment key'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\./, 'a signed token'],
  [/\bnpm_[A-Za-z0-9]{30,}|\bglpat-[A-Za-z0-9_-]{16,}|\bSG\.[\w-]{16,}\./, 'a token'],
  [/^(Bearer|Basic|Token)\s+\S{8,}/i, 'a credential'],
];

/** Names under which a plain value is a secret even if it does not look like one. */
const SECRET_NAME =
  /(^|[_-])(authorization|cookie|pass(word|wd|phrase)?|secret|token|credentials?|(api|access|private|signing)[_-]?key)$/i;

/** Blocks whose plain values go out with a request or into a program. */
const CARRIERS = new Set(['headers', 'inputs', 'env']);

const REMEDY =
  'Put it into an environment variable or the parameter store, write "env:NAME" or "ssm:/path" here, and replace the secret: it may have been seen.';

/**
 * Why a plain value must not stand in the file, if so. `path` are the keys that lead to it.
 * The message never repeats the value.
 */
export function secretFault(value: string, path: readonly string[]): Complaint | undefined {
  if (isReference(value)) return undefined;
  const shape = SHAPES.find(([pattern]) => pattern.test(value));
  if (shape !== undefined) return { message: `this is ${shape[1]}`, remedy: REMEDY };
  const key = path.at(-1) ?? '';
  if (value !== '' && CARRIERS.has(path.at(-2) ?? '') && SECRET_NAME.test(key)) {
    return { message: `"${key}" is written out here`, remedy: REMEDY };
  }
  return undefined;
}

/**
 * What the parameter store says to each reference of the configuration, read beforehand
 * (wiring/prefetch-secrets.ts): its value, or why there is none. A secret that is not there concerns
 * only what needs it.
 */
export type StoredSecrets = ReadonlyMap<string, string | BackoutError>;

/** Where they travel: with the variables, and into no environment of a program. */
const STORED = Symbol('secrets of the parameter store');

/** What references are looked up in. */
export type SecretSource = Readonly<Record<string, string | undefined>> & {
  readonly [STORED]?: StoredSecrets;
};

/** The variables, and with them what was read from the parameter store. */
export function withStored(
  variables: Readonly<Record<string, string | undefined>>,
  stored: StoredSecrets,
): SecretSource {
  return { ...variables, [STORED]: stored };
}

/**
 * The value that a reference stands for.
 *
 * @param environment the environment variables, and what was read from the parameter store
 *   ({@link withStored}); without that, it cannot be read
 * @throws BackoutError E_SECRET_MISSING when the variable or parameter is not set, or empty; what
 *   was found instead of a value; E_NOT_AVAILABLE when nothing was read from the parameter store.
 */
export function resolveReference(reference: string, environment: SecretSource): string {
  if (!isReference(reference)) {
    throw new BackoutError({
      code: 'E_SECRET_REFERENCE',
      kind: 'usage',
      message: 'A setting that has to be a reference is not one.',
      remedy: 'Write "env:NAME" or "ssm:/path" into backout.yml.',
    });
  }
  if (isStored(reference)) return resolveStored(reference, environment[STORED]);
  const variable = reference.slice('env:'.length);
  const value = environment[variable];
  if (value === undefined || value === '') {
    throw new BackoutError({
      code: 'E_SECRET_MISSING',
      kind: 'usage',
      message: `The environment variable ${variable} is ${value === undefined ? 'not set' : 'empty'}.`,
      remedy: `Set ${variable} where this command runs; backout.yml refers to it as "${reference}".`,
    });
  }
  return value;
}

/** Whether it refers to the parameter store. */
export function isStored(reference: string): boolean {
  return reference.startsWith('ssm:');
}

/** The parameter that a reference names: `{service}` and `{environment}` are filled in. */
export function parameterOf(reference: string, { service, environment }: Scope): string {
  return reference
    .slice('ssm:'.length)
    .replaceAll('{service}', service)
    .replaceAll('{environment}', environment);
}

function resolveStored(reference: string, stored: StoredSecrets | undefined): string {
  if (stored === undefined) {
    throw new BackoutError({
      code: 'E_NOT_AVAILABLE',
      kind: 'refused',
      message: `${reference} cannot be read here: nothing was read from the parameter store.`,
      remedy: 'Use an environment variable and write "env:NAME" into backout.yml.',
    });
  }
  const value = stored.get(reference);
  if (value instanceof BackoutError) throw value;
  if (value !== undefined && value !== '') return value;
  throw new BackoutError({
    code: 'E_SECRET_MISSING',
    kind: 'usage',
    message: `The parameter of ${reference} does not exist, or is empty.`,
    remedy: 'Put it there: `aws ssm put-parameter --type SecureString --name NAME --value VALUE`.',
  });
}

/** Every reference in a configuration (or a part of it) and where it stands. */
export function listReferences(
  value: unknown,
  path: Path = [],
): { path: Path; reference: string }[] {
  if (typeof value === 'string') return isReference(value) ? [{ path, reference: value }] : [];
  if (Array.isArray(value)) {
    const list: unknown[] = value;
    return list.flatMap((item, at) => listReferences(item, [...path, at]));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => listReferences(item, [...path, key]));
}
