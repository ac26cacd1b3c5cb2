/** What happened to a service before: its tags, its records, what its platform runs and still has. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { postgresReleases } from '../../../src/adapters/postgres/releases.ts';
import type { ReleaseStatus } from '../../../src/model/release.ts';
import { callProgram } from '../../cli/support.ts';
import type { CliEnd } from './run-cli.ts';
import { ENVIRONMENT } from './site-config.ts';
import type { Site } from './site.ts';

/** A release that went live, after all that were recorded before. */
export interface Deployed {
  tag: string;
  /** Left out: what git says that the tag stands for. */
  commit?: string;
  status?: ReleaseStatus;
  /** Why it is held. */
  held?: string;
}

/** Two good releases, and what is live. */
export const PROVEN = [
  { tag: 'v1.0.0', status: 'good' },
  { tag: 'v1.1.0', status: 'good' },
  { tag: 'v1.2.0' },
] as const satisfies readonly Deployed[];

const HOUR_MS = 3_600_000;

/** Records releases as deployed one hour after another, the last of them an hour from `until`. */
export async function remember(
  site: Pick<Site, 'ground' | 'service' | 'git'>,
  deployed: readonly Deployed[],
  until = Date.now(),
): Promise<void> {
  const records = postgresReleases(site.ground.postgres);
  const scope = { service: site.service, environment: ENVIRONMENT };
  for (const [index, { tag, status, held, ...one }] of deployed.entries()) {
    const commit = one.commit ?? (await site.git('rev-parse', `refs/tags/${tag}^{commit}`));
    const at = new Date(until - (deployed.length - index) * HOUR_MS).toISOString();
    await records.record(scope, { tag, commit, at });
    if (status !== undefined) await records.mark(scope, tag, status);
    if (held !== undefined) await records.hold(scope, tag, { reason: held, by: 'ada', at });
  }
}

/** A commit with a tag on it, on the branch that is checked out. @returns the commit */
export async function tagCommit(site: Site, tag: string, ...options: string[]): Promise<string> {
  await site.git('commit', '--quiet', '--allow-empty', '--message', `Release ${tag}`);
  await site.git('tag', ...options, tag);
  return await site.git('rev-parse', 'HEAD');
}

/** What the platform runs, as it says itself. */
export async function runs(
  site: Pick<Site, 'state'>,
  live: string | { tag: string; commit?: string },
): Promise<void> {
  const text = typeof live === 'string' ? live : JSON.stringify(live);
  await writeFile(join(site.state, 'live.json'), text);
}

/** What the platform answers when it is asked for the artefact of a tag: an exit code; 0 = it has it. */
export async function hasArtefacts(site: Site, codes: Record<string, number>): Promise<void> {
  await writeFile(join(site.state, 'artefacts.json'), JSON.stringify(codes));
}

/** From now on the platform says the commit that runs, and knows no tags. */
export async function saysOnlyCommits(site: Site): Promise<void> {
  await writeFile(join(site.state, 'only-commits'), '');
}

/** Runs a command in this process, which takes a third of the time. One at a time. */
export async function call(
  { directory, variables }: Pick<Site, 'directory' | 'variables'>,
  args: readonly string[],
): Promise<CliEnd> {
  const all = ['--config', 'backout.yml', ...args];
  const { code, stdout, stderr } = await callProgram(all, { cwd: directory, env: variables });
  return { code, signal: null, stdout, stderr, json: jsonOf(stdout), ms: 0 };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const assessment = z.object({
  live: z.string().optional(),
  knownGood: z.object({ release: z.object({ tag: z.string() }).optional() }),
  candidates: z.array(
    z.object({
      tag: z.string(),
      colour: z.string(),
      reasons: z.array(z.object({ code: z.string(), text: z.string() })),
    }),
  ),
  problems: z.array(z.string()),
});

export interface Assessed {
  live: string | undefined;
  /** The last known good. */
  chosen: string | undefined;
  /** `RED held, bad` by tag. */
  candidates: Record<string, string>;
  problems: string[];
  /** What a person reads. */
  text: string;
}

/** `backout assess`, for a machine and for a person. */
export async function assessed(site: Pick<Site, 'directory' | 'variables'>): Promise<Assessed> {
  const json = await call(site, ['assess', '--json']);
  const found = assessment.safeParse(json.json);
  if (!found.success) throw new Error(`Not assessed (${json.code}):\n${json.stdout}${json.stderr}`);
  const { live, knownGood, candidates, problems } = found.data;
  const text = (await call(site, ['assess'])).stdout;
  const described = candidates.map(({ tag, colour, reasons }): [string, string] => {
    const codes = reasons.map(({ code }) => code).join(', ');
    return [tag, codes === '' ? colour : `${colour} ${codes}`];
  });
  return {
    live,
    chosen: knownGood.release?.tag,
    candidates: Object.fromEntries(described),
    problems,
    text,
  };
}
