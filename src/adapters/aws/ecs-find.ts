import type { ReleaseRef } from '../../ports/target.ts';
import { artefactMismatch, artefactMissing } from './artefact-error.ts';
import { classify } from './call-error.ts';
import {
  type Container,
  describeTaskDefinition,
  type EcsPlace,
  type EcsService,
  listTaskDefinitions,
  type TaskDefinition,
} from './ecs-calls.ts';
import { familyOf, isByDigest, releaseContainer, shortArn } from './ecs-rollout.ts';
import { isRelease } from './release-text.ts';

/** Looked at in one go; ECS allows bursts of 50 or more for this call. */
const AT_ONCE = 5;
/** As far back as we look. Ten deploys a day for three weeks; more would not fit into a preflight. */
const LOOKED_AT = 200;

type Finder = EcsPlace & { name: string; container?: string | undefined };

export interface FoundDefinition {
  arn: string;
  image: string;
  containers: Container[];
}

/**
 * The task definition of a release, with its image by digest. Its record says which, or its tag
 * does; where both do they have to agree.
 * @throws BackoutError E_ARTEFACT_MISSING, E_ARTEFACT_MISMATCH (refused)
 */
export async function findTaskDefinition(
  options: Finder,
  service: EcsService,
  release: ReleaseRef,
  signal: AbortSignal,
): Promise<FoundDefinition> {
  const { artefact } = release;
  if (artefact === undefined) return await findByTag(options, service, release, signal);
  const digest = artefact.match(/(?:^|@)(sha256:[0-9a-f]{64})$/)?.[1];
  return digest === undefined
    ? await findByRevision(options, service, release, signal)
    : await findByDigest(options, service, release, digest, signal);
}

/** What a record may call a task definition: its ARN, `family:revision`, the digest of its image. */
export function namesOf(arn: string, image: string | undefined): string[] {
  const digest = image?.split('@')[1];
  const images = image === undefined || digest === undefined ? [] : [image, digest];
  return [arn, shortArn(arn), ...images];
}

/** Nobody recorded it: the newest of the service's family that says so. */
async function findByTag(
  options: Finder,
  service: EcsService,
  release: ReleaseRef,
  signal: AbortSignal,
): Promise<FoundDefinition> {
  const others: string[] = [];
  let looked = 0;
  for await (const one of newestDefinitions(options, service, signal)) {
    looked += 1;
    if (isRelease(one.release, release)) return requireDigest(options, one, release);
    if (one.release?.tag === release.tag) others.push(shortArn(one.arn));
  }
  throw artefactMissing(
    options.name,
    others.length > 0
      ? `${others.join(', ')} is a ${release.tag} of another commit`
      : nothingSaysSo(service, looked, release),
    release,
  );
}

/** Recorded as `checkout-api:12`, or its ARN: that one, unless it says that it is something else. */
async function findByRevision(
  options: Finder,
  service: EcsService,
  release: ReleaseRef,
  signal: AbortSignal,
): Promise<FoundDefinition> {
  const { name } = options;
  const { artefact = '' } = release;
  const { family } = familyOf(service.taskDefinition);
  const wanted = familyOf(artefact);
  if (!/^\d+$/.test(wanted.revision)) {
    const why = 'that is neither a task definition with its revision nor a digest (sha256:…)';
    throw artefactMismatch(name, why, release);
  }
  if (wanted.family !== family) {
    throw artefactMismatch(name, `the service runs task definitions of ${family}`, release);
  }
  if (artefact.startsWith('arn:') && placeOf(artefact) !== placeOf(service.taskDefinition)) {
    throw artefactMismatch(name, `the service is at ${placeOf(service.taskDefinition)}`, release);
  }
  let found: TaskDefinition;
  try {
    found = await describeTaskDefinition(options, artefact, signal);
  } catch (error) {
    // What ECS says of one that was deleted, or never was: a client error without a code of its own.
    if (!['missing', 'rejected'].includes(classify(error, signal))) throw error;
    throw artefactMissing(name, `it was recorded as ${artefact}, which does not exist`, release);
  }
  if (!found.active) {
    throw artefactMissing(name, `${artefact} was deregistered`, release);
  }
  requireNotAnother(name, found, release);
  return requireDigest(options, found, release);
}

/** `arn:aws:ecs:REGION:ACCOUNT:task-definition` */
function placeOf(arn: string): string {
  return arn.split('/')[0] ?? '';
}

/** Recorded by its image: the newest that has it, says the release, and names the image so. */
async function findByDigest(
  options: Finder,
  service: EcsService,
  release: ReleaseRef,
  digest: string,
  signal: AbortSignal,
): Promise<FoundDefinition> {
  let looked = 0;
  let other: { arn: string; image: string } | undefined;
  let unnamed: FoundDefinition | undefined;
  let named: TaskDefinition | undefined;
  for await (const one of newestDefinitions(options, service, signal)) {
    looked += 1;
    const says = isRelease(one.release, release);
    const container = releaseContainer(one.containers, options.container);
    const { arn, containers } = one;
    const image = 'found' in container ? container.found.image : '';
    if (!image.endsWith(`@${digest}`)) {
      if (says) other ??= { arn, image };
    } else if (says) return { arn, image, containers };
    else if (one.release === undefined) unnamed ??= { arn, image, containers };
    else named ??= one;
  }
  if (other !== undefined) {
    const why = `${shortArn(other.arn)}, which says that it is ${release.tag}, has ${other.image || 'no such container'}`;
    throw artefactMismatch(options.name, why, release);
  }
  if (unnamed !== undefined) return unnamed;
  if (named !== undefined) requireNotAnother(options.name, named, release);
  const why = `${nothingSaysSo(service, looked, release)}, and none has the image ${digest}`;
  throw artefactMissing(options.name, why, release);
}

async function* newestDefinitions(
  options: EcsPlace,
  service: EcsService,
  signal: AbortSignal,
): AsyncGenerator<TaskDefinition> {
  const { family } = familyOf(service.taskDefinition);
  let looked = 0;
  for await (const arns of listTaskDefinitions(options, family, signal)) {
    // A prefix also fits longer names of families.
    const own = arns.filter((arn) => familyOf(arn).family === family);
    for (let at = 0; at < own.length && looked < LOOKED_AT; at += AT_ONCE) {
      const some = own.slice(at, at + AT_ONCE);
      looked += some.length;
      yield* await Promise.all(some.map((arn) => describeTaskDefinition(options, arn, signal)));
    }
    if (looked >= LOOKED_AT) return;
  }
}

function requireNotAnother(name: string, found: TaskDefinition, release: ReleaseRef): void {
  if (found.release === undefined || isRelease(found.release, release)) return;
  const { tag, commit = 'an unknown commit' } = found.release;
  const why = `${shortArn(found.arn)} says that it is ${tag} of ${commit.slice(0, 17)}`;
  throw artefactMismatch(name, why, release);
}

function requireDigest(
  options: { name: string; container?: string | undefined },
  { arn, containers }: TaskDefinition,
  release: ReleaseRef,
): FoundDefinition {
  const shown = shortArn(arn);
  const container = releaseContainer(containers, options.container);
  if ('problem' in container) {
    throw artefactMissing(options.name, `${shown} is it, but ${container.problem}`, release);
  }
  const { image } = container.found;
  if (isByDigest(image)) return { arn, image, containers };
  const why = `${shown} names its image ${image} by a tag, which may stand for another image by now`;
  throw artefactMissing(options.name, why, release);
}

function nothingSaysSo(service: EcsService, looked: number, { tag }: ReleaseRef): string {
  const { family } = familyOf(service.taskDefinition);
  return `none of the ${looked} newest usable task definitions of ${family} says that it is ${tag}`;
}
