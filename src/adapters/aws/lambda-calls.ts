/** The calls of Lambda that we make, their answers parsed. */

import {
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { callSignal } from './clients.ts';
import { type NamedRelease, readReleaseText } from './release-text.ts';

/** Tag of a function that names the release of one version, for pipelines without descriptions. */
const VERSION_TAG = 'backout:version:';
/** The most that ListVersionsByFunction gives in one page. */
const PAGE = 50;

const aliasAnswer = z.object({
  AliasArn: z.string(),
  FunctionVersion: z.string(),
  RevisionId: z.string(),
  Description: z.string().nullish(),
  RoutingConfig: z
    .object({ AdditionalVersionWeights: z.record(z.string(), z.number()).nullish() })
    .nullish(),
});

export interface Alias {
  arn: string;
  version: string;
  revision: string;
  description: string;
  /** Further versions with their share of the traffic, 0 to 1; those with no traffic left out. */
  shares: Record<string, number>;
}

const versionAnswer = z.object({
  Version: z.string(),
  Description: z.string().nullish(),
  State: z.string().nullish(),
  CodeSha256: z.string().nullish(),
  StateReason: z.string().nullish(),
});

export interface FunctionVersion {
  version: string;
  release: NamedRelease | undefined;
  /** Digest of the code in Base64, as AWS shows it; undefined when it shows none. */
  codeSha256: string | undefined;
}

const versionsAnswer = z.object({
  Versions: z.array(versionAnswer).default([]),
  NextMarker: z.string().nullish(),
});
const tagsAnswer = z.object({ Tags: z.record(z.string(), z.string()).nullish() });

export interface LambdaPlace {
  client: LambdaClient;
  /** Name or ARN of the function. */
  functionName: string;
  alias: string;
}

export async function getAlias(place: LambdaPlace, signal: AbortSignal): Promise<Alias> {
  const { client, functionName: FunctionName, alias: Name } = place;
  const command = new GetAliasCommand({ FunctionName, Name });
  return parseAlias(await client.send(command, { abortSignal: callSignal(signal) }));
}

export interface AliasChange {
  version: string;
  /** The revision that this change is based on: with another one AWS refuses. */
  revision: string;
  description: string;
  shares: Record<string, number>;
}

/** Never without the guard: a change of somebody else's must not be overwritten unseen. */
export async function updateAlias(
  { client, functionName, alias }: LambdaPlace,
  { version, revision, description, shares }: AliasChange,
  signal: AbortSignal,
): Promise<Alias> {
  const command = new UpdateAliasCommand({
    FunctionName: functionName,
    Name: alias,
    FunctionVersion: version,
    RevisionId: revision,
    Description: description,
    // Left out, the weights would stay as they are.
    RoutingConfig: { AdditionalVersionWeights: shares },
  });
  return parseAlias(await client.send(command, { abortSignal: callSignal(signal) }));
}

function parseAlias(answer: unknown): Alias {
  const parsed = aliasAnswer.parse(answer);
  const weights = Object.entries(parsed.RoutingConfig?.AdditionalVersionWeights ?? {});
  return {
    arn: parsed.AliasArn,
    version: parsed.FunctionVersion,
    revision: parsed.RevisionId,
    description: parsed.Description ?? '',
    shares: Object.fromEntries(weights.filter(([, share]) => share > 0)),
  };
}

/** Every published version, with the release that its description names. */
export async function listVersions(
  { client, functionName: FunctionName }: LambdaPlace,
  signal: AbortSignal,
): Promise<FunctionVersion[]> {
  const found: FunctionVersion[] = [];
  let marker: string | undefined;
  do {
    const command = new ListVersionsByFunctionCommand({
      FunctionName,
      MaxItems: PAGE,
      ...(marker === undefined ? {} : { Marker: marker }),
    });
    const answer = await client.send(command, { abortSignal: callSignal(signal) });
    const { Versions, NextMarker } = versionsAnswer.parse(answer);
    found.push(
      ...Versions.filter(({ Version }) => Version !== '$LATEST').map((one) => ({
        version: one.Version,
        release: readReleaseText(one.Description ?? undefined),
        codeSha256: one.CodeSha256 ?? undefined,
      })),
    );
    marker = NextMarker ?? undefined;
  } while (marker !== undefined);
  return found;
}

export interface VersionDetails extends FunctionVersion {
  /** `Active`, `Inactive`, `Pending`, `Failed`, with the reason; what older answers leave out is active. */
  state: string;
  reason: string;
}

export async function getVersion(
  place: LambdaPlace,
  functionArn: string,
  version: string,
  signal: AbortSignal,
): Promise<VersionDetails> {
  const { client, functionName: FunctionName } = place;
  const command = new GetFunctionConfigurationCommand({ FunctionName, Qualifier: version });
  const answer = versionAnswer.parse(
    await client.send(command, { abortSignal: callSignal(signal) }),
  );
  const described = readReleaseText(answer.Description ?? undefined);
  const release = described ?? (await readVersionTags(place, functionArn, signal)).get(version);
  return {
    version,
    release,
    codeSha256: answer.CodeSha256 ?? undefined,
    state: answer.State ?? 'Active',
    reason: answer.StateReason ?? '',
  };
}

/** Releases by version, as the tags of the function name them: only asked where a description does not. */
export async function readVersionTags(
  { client }: LambdaPlace,
  functionArn: string,
  signal: AbortSignal,
): Promise<Map<string, NamedRelease>> {
  const command = new ListTagsCommand({ Resource: functionArn });
  const answer = await client.send(command, { abortSignal: callSignal(signal) });
  const found = new Map<string, NamedRelease>();
  for (const [key, value] of Object.entries(tagsAnswer.parse(answer).Tags ?? {})) {
    const release = key.startsWith(VERSION_TAG) ? readReleaseText(value) : undefined;
    if (release !== undefined) found.set(key.slice(VERSION_TAG.length), release);
  }
  return found;
}
