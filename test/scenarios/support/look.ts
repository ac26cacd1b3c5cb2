/** What is true outside of Backout's own words: read from the target and the stores themselves. */

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { redisKeys } from '../../../src/adapters/redis/keys.ts';
import { type ChainCheck, type JournalEntry, verifyChain } from '../../../src/model/journal.ts';
import { postgresJournal } from '../../../src/adapters/postgres/journal.ts';
import type { Site } from './site.ts';
import { ENVIRONMENT } from './site-config.ts';

const change = z.object({
  tag: z.string(),
  fence: z.number(),
  incident: z.string(),
  pid: z.number(),
});
export type Change = z.infer<typeof change>;

/** Every real change of what is live, in order. */
export const changesOf = (site: Site): Promise<Change[]> =>
  readLog(join(site.state, 'changes.log'));
/** Every start of a deployment, whatever came of it. */
export const startsOf = (site: Site): Promise<Change[]> => readLog(join(site.state, 'starts.log'));

async function readLog(file: string): Promise<Change[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => change.parse(JSON.parse(line)));
}

export async function liveOf(site: Site): Promise<string> {
  const text = await readFile(join(site.state, 'live.json'), 'utf8');
  return z.object({ tag: z.string() }).parse(JSON.parse(text)).tag;
}

const override = z.looseObject({ mode: z.string(), since: z.string(), by: z.string() });
export type SeenOverride = z.infer<typeof override>;

/** The override documents by file name: one that was written twice would be two. */
export async function overridesOf(site: Site): Promise<Record<string, SeenOverride>> {
  const folder = join(site.flags, 'overrides');
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json'));
  const parse = async (file: string): Promise<SeenOverride> =>
    override.parse(JSON.parse(await readFile(join(folder, file), 'utf8')));
  return Object.fromEntries(
    await Promise.all(files.toSorted().map(async (file) => [file, await parse(file)] as const)),
  );
}

/** The files of the base values, as they are. */
export async function baseOf(site: Site): Promise<Record<string, string>> {
  const folder = join(site.flags, 'base');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).toSorted();
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file, await readFile(join(folder, file), 'utf8')] as const),
    ),
  );
}

export interface SeenBreakers {
  /** State of each provider that was ever set. */
  states: Record<string, string>;
  /** How often anything changed on the fast path. */
  counter: number;
}

export async function breakersOf({ ground, service }: Site): Promise<SeenBreakers> {
  const keys = redisKeys({ service, environment: ENVIRONMENT });
  const [hash, epoch] = await Promise.all([
    ground.redisClient.hgetall(keys.breakers),
    ground.redisClient.get(keys.epoch),
  ]);
  const state = z.object({ state: z.string() });
  return {
    states: Object.fromEntries(
      Object.entries(hash).map(([name, text]) => [name, state.parse(JSON.parse(text)).state]),
    ),
    counter: Number(epoch?.split(':')[1] ?? 0),
  };
}

export interface SeenRelease {
  tag: string;
  status: string;
  held: string | null;
  deployedAt: string;
}

export async function releasesOf({ ground, service }: Site): Promise<SeenRelease[]> {
  const { rows } = await ground.postgres.pool.query<{
    tag: string;
    status: string;
    held: string | null;
    at: Date;
  }>(
    `select tag, status, hold_incident as held, deployed_at as at
       from backout.release where service = $1 order by tag`,
    [service],
  );
  return rows.map(({ tag, status, held, at }) => ({
    tag,
    status,
    held,
    deployedAt: at.toISOString(),
  }));
}

export interface SeenIncident {
  id: string;
  entries: JournalEntry[];
  chain: ChainCheck;
}

/** Every incident in the journal, oldest first. Its chain is computed anew. */
export async function incidentsOf({ ground, service }: Site): Promise<SeenIncident[]> {
  const journal = postgresJournal(ground.postgres);
  const scope = { service, environment: ENVIRONMENT };
  const found = await journal.incidents(scope);
  return await Promise.all(
    found.toReversed().map(async ({ id }) => {
      const entries = await journal.read(scope, id);
      return { id, entries, chain: verifyChain(entries) };
    }),
  );
}

/** Entries that wait in the spool for the journal. */
export async function spooledOf(site: Site): Promise<string[]> {
  const names = await readdir(join(site.directory, '.backout', 'spool')).catch(() => []);
  return names.filter((name) => name.endsWith('.json') && !name.startsWith('.'));
}

export async function postmortemsOf(site: Site): Promise<string[]> {
  return await readdir(join(site.directory, 'postmortems')).catch(() => []);
}

/** Leases in force: there must be none when nobody works. */
export async function leasesOf({ ground, service }: Site): Promise<number> {
  const { rows } = await ground.postgres.pool.query<{ count: string }>(
    `select count(*) from backout.lease where resource like $1 and expires_at > clock_timestamp()`,
    [`${service}/%`],
  );
  return Number(rows[0]?.count);
}
