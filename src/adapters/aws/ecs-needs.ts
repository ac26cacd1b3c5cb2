/**
 * What the tasks of a release need besides ECS: their images in the registry, and the parameters
 * that their definition names. What is gone is a refusal; what cannot be asked is a doubt, which is
 * said and stops nothing.
 */

import { DescribeImagesCommand, type ECRClient } from '@aws-sdk/client-ecr';
import { GetParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import type { ReleaseRef } from '../../ports/target.ts';
import { artefactMissing } from './artefact-error.ts';
import { classify, saidBy } from './call-error.ts';
import { callSignal } from './clients.ts';
import type { Container } from './ecs-calls.ts';
import type { FoundDefinition } from './ecs-find.ts';
import { shortArn } from './ecs-rollout.ts';

export interface NeedsAsked {
  name: string;
  /** Of the registry in a region: it need not be that of the service. */
  registryIn: (region: string) => ECRClient;
  /** Parameters of the service's region. */
  parameters: SSMClient;
}

/**
 * @returns what nobody could tell, as a sentence without its full stop
 * @throws BackoutError E_ARTEFACT_MISSING (refused)
 */
export async function requireNeeds(
  asked: NeedsAsked,
  found: FoundDefinition,
  release: ReleaseRef,
  signal: AbortSignal,
): Promise<string | undefined> {
  const needed = found.containers.filter(({ essential }) => essential !== false);
  // What runs beside it often comes from a public registry: that is no doubt about the release.
  const images = new Set(needed.map(({ image }) => image).filter((image) => isInEcr(image)));
  const answers = await Promise.all([
    ...[...images.add(found.image)].map((image) => askForImage(asked, image, signal)),
    askForParameters(asked, found, signal),
  ]);
  const gone = answers.flatMap(({ gone: one }) => one ?? []);
  if (gone.length > 0) {
    const why = `${shortArn(found.arn)} needs what is gone: ${gone.join('; ')}`;
    throw artefactMissing(asked.name, why, release);
  }
  const doubts = answers.flatMap(({ doubt }) => doubt ?? []);
  return doubts.length === 0 ? undefined : doubts.join('; ');
}

interface Answer {
  gone?: string;
  doubt?: string;
}

/** Account, region, repository, tag and digest of an image in ECR, under either of its names. */
const ECR_IMAGE =
  /^(?<account>\d{12})\.(?:dkr\.ecr(?:-fips)?\.(?<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?|dkr-ecr(?:-fips)?\.(?<dual>[a-z0-9-]+)\.on\.aws)\/(?<repository>[^@:]+)(?::(?<tag>[^@]+))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

function isInEcr(image: string): boolean {
  return ECR_IMAGE.test(image);
}

const imagesAnswer = z.object({
  imageDetails: z.array(z.object({ imageStatus: z.string().nullish() })).default([]),
});

async function askForImage(
  { registryIn }: NeedsAsked,
  image: string,
  signal: AbortSignal,
): Promise<Answer> {
  const parts = image.match(ECR_IMAGE)?.groups;
  if (parts === undefined) {
    return { doubt: `whether ${registryOf(image)} still has ${image} cannot be asked from here` };
  }
  const { account, region = parts['dual'] ?? '', repository, tag = 'latest', digest } = parts;
  const command = new DescribeImagesCommand({
    registryId: account,
    repositoryName: repository,
    imageIds: [digest === undefined ? { imageTag: tag } : { imageDigest: digest }],
  });
  try {
    const answer = await registryIn(region).send(command, { abortSignal: callSignal(signal) });
    const [status] = imagesAnswer.parse(answer).imageDetails.map((one) => one.imageStatus);
    // It is kept, and cannot be pulled before somebody has brought it back.
    return status === 'ARCHIVED' ? { gone: `the image ${image}, which is archived` } : {};
  } catch (error) {
    if (classify(error, signal) === 'missing') return { gone: `the image ${image}` };
    return { doubt: `whether ECR still has ${image} is not known: ${saidBy(error)}` };
  }
}

/** What comes before the first slash is a registry only when it looks like a host. */
function registryOf(image: string): string {
  const [host = ''] = image.split('/');
  return image.includes('/') && /[.:]/.test(host) ? host : 'Docker Hub';
}

const parametersAnswer = z.object({ InvalidParameters: z.array(z.string()).nullish() });
/** The most that GetParameters takes at once. */
const AT_ONCE = 10;

async function askForParameters(
  { parameters }: NeedsAsked,
  { arn, containers }: FoundDefinition,
  signal: AbortSignal,
): Promise<Answer> {
  const region = arn.split(':')[3];
  const named = parametersOf(containers);
  // Another region has parameters of its own, which ours does not know.
  const near = named.filter((name) => !name.startsWith('arn:') || name.split(':')[3] === region);
  const far = named.filter((name) => !near.includes(name));
  const pages = Array.from({ length: Math.ceil(near.length / AT_ONCE) }, (_, at) =>
    near.slice(at * AT_ONCE, (at + 1) * AT_ONCE),
  );
  const elsewhere =
    far.length === 0 ? {} : { doubt: `whether ${far.join(', ')} exists cannot be asked from here` };
  try {
    const answers = await Promise.all(
      pages.map(async (Names) => {
        // Names only: values are neither decrypted nor looked at.
        const command = new GetParametersCommand({ Names, WithDecryption: false });
        const answer = await parameters.send(command, { abortSignal: callSignal(signal) });
        return parametersAnswer.parse(answer).InvalidParameters ?? [];
      }),
    );
    const gone = answers.flat();
    return gone.length === 0 ? elsewhere : { gone: `the parameters ${gone.join(', ')}` };
  } catch (error) {
    return { doubt: `whether its parameters still exist is not known: ${saidBy(error)}` };
  }
}

/** Names and ARNs of Parameter Store. Secrets Manager is not asked: docs/targets.md says so. */
function parametersOf(containers: readonly Container[]): string[] {
  const all = containers.flatMap(({ secrets }) =>
    (secrets ?? []).map(({ valueFrom }) => valueFrom),
  );
  return [...new Set(all.filter((from) => !from.startsWith('arn:') || from.includes(':ssm:')))];
}
