/**
 * Flags in files, for one machine or a shared folder. Layout and rules: docs/contract.md.
 *
 *     <directory>/<service>/<environment>/base/<group>.json
 *                                         safe/<group>.json
 *                                         overrides/<incident>.json, <incident>.2.json, …
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackoutError } from '../../model/error.ts';
import type { FlagValues, LiftedOverride, Override, SafeOverride } from '../../model/flags.ts';
import type { Scope } from '../../model/scope.ts';
import type { FlagEditor, FlagStore } from '../../ports/flags.ts';
import { createFile, ensureDirectory, errorCode, replaceFile } from './durable-write.ts';
import { withEditLock } from './edit-lock.ts';
import {
  type DocumentText,
  formatOverride,
  parseFlagValues,
  parseOverride,
  parseOverrides,
} from '../../model/flag-documents.ts';
import {
  changeBase,
  decidePublish,
  frozenError,
  requireOverride,
  staleError,
} from '../../model/flag-rules.ts';
import { requireName } from '../../model/names.ts';
import { logFileName, newestDocuments } from '../../model/override-log.ts';
import { decideEngage, decideLift, type OverrideChange } from '../../model/override-rules.ts';
import { readFlagFiles, readOverrideFiles, scopeDirectory } from './read-flag-files.ts';

export interface FileFlagOptions {
  directory: string;
  scope: Scope;
}

/**
 * Each failed attempt means that another writer got through, so 200 is far more than there can be
 * writers at once. It only makes sure that the loop ends.
 */
const ATTEMPTS = 200;

/**
 * Give an emergency only the {@link FlagStore} part: it can neither lift nor edit.
 * @throws BackoutError E_NAME (usage)
 */
export function openFileFlags({ directory, scope }: FileFlagOptions): FlagStore & FlagEditor {
  requireName('a service', scope.service);
  requireName('an environment', scope.environment);
  const root = scopeDirectory(directory, scope);

  async function writeOverride(
    wanted: SafeOverride | LiftedOverride,
    decide: (existing: Override | undefined) => OverrideChange,
  ): Promise<{ existing: Override | undefined; written: boolean }> {
    const { incident } = wanted;
    const folder = join(root, 'overrides');
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const files = await readOverrideFiles(directory, scope);
      const newest = newestDocuments(Object.keys(files)).get(incident);
      const existing = newest && parseOverride(incident, files[newest.file] ?? null);
      const change = decide(existing);
      if (change.kind === 'stale') throw staleError(wanted, change.newer);
      if (change.kind === 'none') return { existing, written: false };
      if (newest === undefined) await ensureDirectory(folder);
      const file = logFileName(incident, (newest?.number ?? 0) + 1);
      if (await createFile(join(folder, file), formatOverride(change.next))) {
        return { existing, written: true };
      }
    }
    throw new Error(`Other writers were faster ${ATTEMPTS} times.`);
  }

  return {
    async read() {
      return reach(directory, 'nothing', async () => {
        const files = await readFlagFiles(directory, scope);
        return {
          base: parseGroups(root, 'base', files.base),
          safe: parseGroups(root, 'safe', files.safe),
          overrides: parseOverrides(files.overrides),
        };
      });
    },
    async overrides() {
      return reach(directory, 'nothing', async () =>
        parseOverrides(await readOverrideFiles(directory, scope)),
      );
    },
    async engage(override) {
      requireOverride(override);
      return reach(directory, 'unknown', async () => {
        const { written } = await writeOverride(override, (existing) =>
          decideEngage(existing, override),
        );
        return { changed: written };
      });
    },
    async lift(override: LiftedOverride) {
      requireOverride(override);
      return reach(directory, 'unknown', async () => {
        const { existing } = await writeOverride(override, (stored) =>
          decideLift(stored, override),
        );
        return { changed: existing?.mode !== 'lifted' };
      });
    },
    async setBase(group, name, value) {
      requireName('a flag group', group);
      return reach(directory, 'unknown', () =>
        withEditLock(root, async () => {
          const base = await readGroup(root, 'base', group);
          const safe = await readGroup(root, 'safe', group);
          const { values, previous } = changeBase(group, base, safe, name, value);
          await writeGroup(root, 'base', group, values);
          return { previous };
        }),
      );
    },
    async publish(group, defaults, safe) {
      requireName('a flag group', group);
      await reach(directory, 'unknown', () =>
        withEditLock(root, async () => {
          const stored = {
            base: await readGroup(root, 'base', group),
            safe: await readGroup(root, 'safe', group),
            overrides: parseOverrides(await readOverrideFiles(directory, scope)),
          };
          const change = decidePublish(stored, group, defaults, safe);
          if (change.safe !== undefined) {
            await writeGroup(root, 'safe', group, change.safe);
            // An emergency takes no lock, so it may have come between looking and writing. Then
            // the values that it counted on are put back.
            const living = parseOverrides(await readOverrideFiles(directory, scope)).filter(
              ({ mode }) => mode !== 'lifted',
            );
            if (living.length > 0 && stored.safe !== undefined) {
              await writeGroup(root, 'safe', group, stored.safe);
              throw frozenError(group, living);
            }
          }
          if (change.base !== undefined) await writeGroup(root, 'base', group, change.base);
        }),
      );
    },
  };
}

function parseGroups(
  root: string,
  kind: 'base' | 'safe',
  files: Record<string, DocumentText>,
): Record<string, FlagValues> {
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => [
      file.slice(0, -'.json'.length),
      requireValues(join(root, kind, file), text),
    ]),
  );
}

/**
 * Corrupt values are an error here and not an empty group: this reading is what proofs and lists
 * are made of, and a flag that is missing from them would look as if it did not need to be safe.
 * Making safe does not read values, so it works all the same.
 */
function requireValues(path: string, text: DocumentText): FlagValues {
  const values = parseFlagValues(text);
  if (values !== undefined) return values;
  throw new BackoutError({
    code: 'E_FLAGS_CORRUPT',
    message: `${path} is not a JSON object of flags.`,
    state:
      'Running applications keep the last values that they could read; one that starts now uses the safe values of this group.',
    remedy: `Repair or restore ${path}. Safe state can be asked for all the same: \`backout emergency\`.`,
  });
}

async function readGroup(
  root: string,
  kind: 'base' | 'safe',
  group: string,
): Promise<FlagValues | undefined> {
  const path = join(root, kind, `${group}.json`);
  try {
    return requireValues(path, await readFile(path, 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeGroup(
  root: string,
  kind: 'base' | 'safe',
  group: string,
  values: FlagValues,
): Promise<void> {
  await ensureDirectory(join(root, kind));
  await replaceFile(join(root, kind, `${group}.json`), `${JSON.stringify(values, null, 2)}\n`);
}

/** Turns what the file system throws into our error. */
async function reach<T>(
  directory: string,
  afterFailure: 'nothing' | 'unknown',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackoutError) throw error;
    throw new BackoutError({
      code: 'E_FLAGS_UNREACHABLE',
      kind: afterFailure === 'unknown' ? 'uncertain' : 'failed',
      message: `The flags in ${directory} cannot be ${afterFailure === 'unknown' ? 'changed' : 'read'}.`,
      ...(afterFailure === 'unknown'
        ? { state: 'The change may be stored or not; doing it again is safe.' }
        : {}),
      remedy: `Check that the folder is there, on a file system with hard links, and writable by this user, and that the disk is not full: \`ls -la ${directory}; df ${directory}\`. Then do the same again.`,
      retryable: true,
      cause: error,
    });
  }
}
