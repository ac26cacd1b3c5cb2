import * as z from 'zod';
import { toJson } from '../../model/json.ts';
import type { Hold, Release, ReleaseDetails } from '../../model/release.ts';
import type { Scope } from '../../model/scope.ts';
import type { NewRelease, ReleaseRecords } from '../../ports/releases.ts';
import { storable, storableJson } from '../../model/journal-rules.ts';
import { releaseBad, releaseUnknown, tagMoved } from '../../model/release-rules.ts';
import type { Postgres } from './connection.ts';
import { endHold } from './sql/end-hold.sql.ts';
import { findRelease } from './sql/find-release.sql.ts';
import { holdRelease } from './sql/hold-release.sql.ts';
import { listReleases } from './sql/list-releases.sql.ts';
import { markRelease } from './sql/mark-release.sql.ts';
import { recordRelease } from './sql/record-release.sql.ts';
import { type Run, ask, transact } from './transaction.ts';
import { type Store, attemptTwice, inWordsOf } from './unreachable.ts';

const store: Store = {
  code: 'E_RELEASES_UNREACHABLE',
  name: 'The record of releases',
  uncertain:
    'Nobody can tell whether the record was changed. The same command again is safe: it is changed once.',
};

/** Release records in schema `backout` of a migrated database. */
export function postgresReleases(postgres: Postgres): ReleaseRecords {
  const change = <T>(work: (run: Run) => Promise<T>): Promise<T> =>
    inWordsOf(store, postgres.address, () => attemptTwice(() => transact(postgres, work)));

  /** Runs an update of one release, which answers with its tag. */
  const update = (scope: Scope, tag: string, sql: string, values: unknown[]): Promise<void> =>
    change(async (run) => {
      const rows = await run(sql, [scope.service, scope.environment, tag, ...values], tagRow);
      if (rows.length === 0) throw releaseUnknown(scope, tag);
    });

  return {
    list: (scope) =>
      inWordsOf(store, postgres.address, () =>
        attemptTwice(() =>
          ask(postgres, listReleases, [scope.service, scope.environment], releaseRow),
        ),
      ),
    record: (scope, release) => change((run) => record(run, scope, release)),
    mark: (scope, tag, status) =>
      change(async (run) => {
        const place = [scope.service, scope.environment, tag];
        const marked = await run(markRelease, [...place, status], tagRow);
        if (marked.length > 0) return;
        const [known] = await run(findRelease, place, releaseRow);
        throw known === undefined ? releaseUnknown(scope, tag) : releaseBad(scope, tag, status);
      }),
    hold: (scope, tag, hold, since) =>
      hold === undefined
        ? update(scope, tag, endHold, [since ?? null])
        : update(scope, tag, holdRelease, [
            storable(hold.reason),
            hold.incident ?? null,
            storable(hold.by),
            hold.at,
          ]),
  };
}

async function record(
  run: Run,
  scope: Scope,
  { tag, commit, at, details = {} }: NewRelease,
): Promise<Release> {
  const place = [scope.service, scope.environment, tag];
  const said = JSON.stringify(storableJson(toJson(details)));
  const [recorded] = await run(recordRelease, [...place, commit, at, said], releaseRow);
  if (recorded !== undefined) return recorded;
  const [known] = await run(findRelease, place, releaseRow);
  throw tagMoved(scope, tag, known?.commit ?? 'another one', commit);
}

const instant = z.date().transform((at) => at.toISOString());

const tagRow = z.object({ tag: z.string() });

const releaseRow = z
  .object({
    tag: z.string(),
    commit: z.string(),
    status: z.enum(['deployed', 'baking', 'good', 'bad']),
    deployed_at: instant,
    hold_reason: z.string().nullable(),
    hold_incident: z.string().nullable(),
    hold_by: z.string().nullable(),
    hold_at: instant.nullable(),
    details: z.unknown(),
  })
  .transform((row): Release => {
    const { tag, commit, status, deployed_at: deployedAt } = row;
    const hold = holdOf(row);
    const details = readDetails(row.details);
    return {
      tag,
      commit,
      status,
      deployedAt,
      ...(hold === undefined ? {} : { hold }),
      ...(details === undefined ? {} : { details }),
    };
  });

const texts = z.record(z.string(), z.string());

/** A later version may say more, and what cannot be read is as if it had never been said. */
const detailFields = z.object({
  artefacts: texts.optional().catch(undefined),
  schemaVersion: z.string().optional().catch(undefined),
  flags: z
    .record(z.string(), z.enum(['boolean', 'number', 'string']))
    .optional()
    .catch(undefined),
  configHash: z.string().optional().catch(undefined),
  needs: z.array(z.string()).optional().catch(undefined),
  actor: z.string().optional().catch(undefined),
});

/** Undefined when nothing was said. */
function readDetails(stored: unknown): ReleaseDetails | undefined {
  const { artefacts, schemaVersion, flags, needs, configHash, actor } = detailFields.parse(stored);
  const said = {
    ...(artefacts === undefined ? {} : { artefacts }),
    ...(schemaVersion === undefined ? {} : { schemaVersion }),
    ...(flags === undefined ? {} : { flags }),
    ...(needs === undefined ? {} : { needs }),
    ...(configHash === undefined ? {} : { configHash }),
    ...(actor === undefined ? {} : { actor }),
  };
  return Object.keys(said).length === 0 ? undefined : said;
}

interface HoldColumns {
  hold_reason: string | null;
  hold_incident: string | null;
  hold_by: string | null;
  hold_at: string | null;
}

function holdOf(row: HoldColumns): Hold | undefined {
  // The table's check: the three are there together, or none is.
  if (row.hold_reason === null || row.hold_by === null || row.hold_at === null) return undefined;
  return {
    reason: row.hold_reason,
    ...(row.hold_incident === null ? {} : { incident: row.hold_incident }),
    by: row.hold_by,
    at: row.hold_at,
  };
}
