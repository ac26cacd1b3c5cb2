/** Images in the registry of the AWS API server. */

import {
  BatchDeleteImageCommand,
  CreateRepositoryCommand,
  type ECRClient,
  PutImageCommand,
} from '@aws-sdk/client-ecr';
import { TEST_ACCOUNT, TEST_REGION } from './aws-lambda.ts';

const REPOSITORY = 'shop/api';
const HOST = `${TEST_ACCOUNT}.dkr.ecr.${TEST_REGION}.amazonaws.com`;

/** An image of ours by digest; the same byte, the same image. */
export function digestImage(byte: string): string {
  return `${HOST}/${REPOSITORY}@sha256:${byte.repeat(32)}`;
}

/** An image of ours by tag. */
export function taggedImage(tag: string): string {
  return `${HOST}/${REPOSITORY}:${tag}`;
}

/** Pushes an image of ours, by digest or by tag; any other is left alone. May be repeated. */
export async function pushImage(client: ECRClient, image: string): Promise<void> {
  if (!image.startsWith(`${HOST}/`)) return;
  const [, digest] = image.split('@');
  const tag = digest === undefined ? image.split(':')[1] : digest.slice(-12);
  await ignore('RepositoryAlreadyExistsException', () =>
    client.send(new CreateRepositoryCommand({ repositoryName: REPOSITORY })),
  );
  const imageManifest = JSON.stringify({ schemaVersion: 2, about: image });
  const imageManifestMediaType = 'application/vnd.oci.image.manifest.v1+json';
  await ignore('ImageAlreadyExistsException', () =>
    client.send(
      new PutImageCommand({
        repositoryName: REPOSITORY,
        imageManifest,
        imageManifestMediaType,
        imageTag: tag,
        imageDigest: digest,
      }),
    ),
  );
}

/** As a lifecycle policy of the registry does, one day. */
export async function expireImage(client: ECRClient, image: string): Promise<void> {
  const [, imageDigest] = image.split('@');
  const command = new BatchDeleteImageCommand({
    repositoryName: REPOSITORY,
    imageIds: [{ imageDigest }],
  });
  await client.send(command);
}

async function ignore(name: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== name) throw error;
  }
}
