import type { Evidence } from '../model/eligibility.ts';
import { BackoutError, describeCause } from '../model/error.ts';
import { effectiveFlags } from '../model/flags.ts';
import { artefactOn, type FlagType, type ReleaseDetails } from '../model/release.ts';
import { within } from '../ports/clock.ts';
import type { ReleaseRef, Target } from '../ports/target.ts';
import type { OperationPorts } from './operation-ports.ts';

/**
 * Longest wait for one answer, in milliseconds; all are asked side by side. Several candidates are
 * looked at while somebody waits: what takes longer is not known.
 */
const EVIDENCE_CAP_MS = 3_000;

type Asked = Pick<
  OperationPorts,
  'clock' | 'targets' | 'repository' | 'flags' | 'migrations' | 'isSet'
>;

/**
 * What the platform, the history and the flag store say about a release as something to go back to.
 * Never throws: what cannot be asked is unknown.
 * @param live commit that is live; undefined when the targets do not say
 */
export async function gatherEvidence(
  ports: Asked,
  release: ReleaseRef & { details?: ReleaseDetails | undefined },
  live: string | undefined,
): Promise<Evidence> {
  const ref = { tag: release.tag, commit: release.commit };
  const [ancestry, artefacts, flags, migrations] = await Promise.all([
    askAncestry(ports, ref.commit, live),
    Promise.all(
      ports.targets.map((target) =>
        askArtefact(ports, target, { ...ref, ...artefactOn(release.details, target.name) }),
      ),
    ),
    compareFlags(ports, release.details?.flags),
    askMigrations(ports, ref.commit, live),
  ]);
  return {
    ancestry,
    artefacts,
    flags,
    ...(migrations === undefined ? {} : { migrations }),
    ...missingOf(ports.isSet, release.details),
  };
}

/** The same where nobody was asked: only what is known without asking speaks. @param why of that */
export function evidenceUnasked(
  { targets, migrations, isSet }: Asked,
  details: ReleaseDetails | undefined,
  why: string,
): Evidence {
  return {
    ancestry: 'unknown',
    artefacts: targets.map(({ name }) => ({ target: name, state: 'unknown', detail: why })),
    flags: { gone: [], changed: [] },
    ...(migrations === undefined
      ? {}
      : { migrations: { verdict: 'unclear', why: `its migrations were ${why}` } }),
    ...missingOf(isSet, details),
  };
}

function missingOf(
  isSet: Asked['isSet'],
  details: ReleaseDetails | undefined,
): Pick<Evidence, 'missing'> {
  if (isSet === undefined) return {};
  return { missing: (details?.needs ?? []).filter((reference) => !isSet(reference)) };
}

async function askAncestry(
  { clock, repository }: Asked,
  commit: string,
  live: string | undefined,
): Promise<Evidence['ancestry']> {
  if (live === undefined) return 'unknown';
  try {
    const isAncestor = await within(clock, EVIDENCE_CAP_MS, () =>
      repository.isAncestor(commit, live),
    );
    return isAncestor ? 'ancestor' : 'elsewhere';
  } catch {
    return 'unknown';
  }
}

/** What a refusal by a target says of the artefact; every other one says nothing. */
const STATES: Partial<Record<string, 'missing' | 'mismatch'>> = {
  E_ARTEFACT_MISSING: 'missing',
  E_ARTEFACT_MISMATCH: 'mismatch',
};

/** The same question that the rollback asks before it touches anything. */
async function askArtefact(
  { clock }: Asked,
  target: Target,
  ref: ReleaseRef,
): Promise<Evidence['artefacts'][number]> {
  try {
    const doubt = await within(clock, EVIDENCE_CAP_MS, () => target.preflight(ref));
    return typeof doubt === 'string'
      ? { target: target.name, state: 'doubted', detail: doubt }
      : { target: target.name, state: 'there', detail: '' };
  } catch (error) {
    if (!(error instanceof BackoutError)) {
      return { target: target.name, state: 'unknown', detail: describeCause(error) };
    }
    const state = STATES[error.code] ?? 'unknown';
    return { target: target.name, state, detail: error.message };
  }
}

/** Flags that the release had when it went live, against those of now. */
async function compareFlags(
  { clock, flags }: Asked,
  had: Readonly<Record<string, FlagType>> | undefined,
): Promise<Evidence['flags']> {
  if (had === undefined) return { gone: [], changed: [] };
  try {
    const now = new Map(
      effectiveFlags(await within(clock, EVIDENCE_CAP_MS, () => flags.read())).map(
        ({ name, value }) => [name, typeof value],
      ),
    );
    const names = Object.keys(had).toSorted();
    return {
      gone: names.filter((name) => !now.has(name)),
      changed: names.filter((name) => now.has(name) && now.get(name) !== had[name]),
    };
  } catch {
    // A client that cannot read the flags falls back on its own values: that is no reason against it.
    return { gone: [], changed: [] };
  }
}

async function askMigrations(
  { clock, migrations }: Asked,
  commit: string,
  live: string | undefined,
): Promise<Evidence['migrations']> {
  if (migrations === undefined) return undefined;
  if (live === undefined) {
    return {
      verdict: 'unclear',
      why: 'its migrations cannot be compared: what is live is not known',
    };
  }
  try {
    return await within(clock, EVIDENCE_CAP_MS, () => migrations.between(commit, live));
  } catch (error) {
    return { verdict: 'unclear', why: `its migrations cannot be read: ${describeCause(error)}` };
  }
}
