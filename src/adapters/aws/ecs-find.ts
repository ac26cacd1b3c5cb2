import { BackoutError } from '../../model/error.ts';
import type { ReleaseRef } from '../../ports/target.ts';
import {
  describeTaskDefinition,
  type EcsPlace,
  type EcsService,
  listTaskDefinitions,
  type TaskDefinition,
} from './ecs-calls.ts';
import { familyOf, isByDigest, releaseContainer } from './ecs-rollout.ts';
import { isRelease } from './release-text.ts';

/** Looked at in one go; ECS allows bursts of 50 or more for this call. */
const AT_ONCE = 5;
/** As far back as we look. Ten deploys a day for three weeks; more would not fit into a preflight. */
const LOOKED_AT = 200;

export interface FoundDefinition {
  arn: string;
  image: string;
}

/**
 * The task definition of a release: the newest of the service's family that says so, if its image
 * is named by digest. @throws BackoutError E_ARTEFACT_MISSING (refused)
 */
export async function findTaskDefinition(
  options: EcsPlace & { name: string; container?: string | undefined },
  service: EcsService,
  release: ReleaseRef,
  signal: AbortSignal,
): Promise<FoundDefinition> {
  const { family } = familyOf(service.taskDefinition);
  const otherCommits: string[] = [];
  let looked = 0;
  for await (const arns of listTaskDefinitions(options, family, signal)) {
    // A prefix also fits longer names of families.
    const own = arns.filter((arn) => familyOf(arn).family === family);
    for (let at = 0; at < own.length && looked < LOOKED_AT; at += AT_ONCE) {
      const some = own.slice(at, at + AT_ONCE);
      looked += some.length;
      const described = await Promise.all(
        some.map((arn) => describeTaskDefinition(options, arn, signal)),
      );
      const found = described.find((one) => isRelease(one.release, release));
      if (found !== undefined) return requireDigest(options, found, release);
      const others = described.filter((one) => one.release?.tag === release.tag);
      otherCommits.push(...others.map(({ arn }) => arn.split('/').at(-1) ?? ''));
    }
    if (looked >= LOOKED_AT) break;
  }
  const why =
    otherCommits.length > 0
      ? `${otherCommits.join(', ')} is a ${release.tag} of another commit`
      : `none of the ${looked} newest usable task definitions of ${family} says that it is ${release.tag}`;
  throw missing(options.name, why, release);
}

function requireDigest(
  options: { name: string; container?: string | undefined },
  { arn, containers }: TaskDefinition,
  release: ReleaseRef,
): FoundDefinition {
  const shown = arn.split('/').at(-1) ?? arn;
  const container = releaseContainer(containers, options.container);
  if ('problem' in container) {
    throw missing(options.name, `${shown} is it, but ${container.problem}`, release);
  }
  const { image } = container.found;
  if (isByDigest(image)) return { arn, image };
  const why = `${shown} names its image ${image} by a tag, which may stand for another image by now`;
  throw missing(options.name, why, release);
}

function missing(name: string, why: string, { tag }: ReleaseRef): BackoutError {
  return new BackoutError({
    code: 'E_ARTEFACT_MISSING',
    kind: 'refused',
    message: `${tag} cannot be deployed to ${name}: ${why}.`,
    state: `${name} was not touched.`,
    remedy:
      'Choose another release with `backout assess`, or name the task definition: docs/targets.md says how.',
  });
}
