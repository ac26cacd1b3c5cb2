/** What moto lacks of Lambda, and a function behind an alias to deploy to. */

import { randomBytes } from 'node:crypto';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  PublishVersionCommand,
  TagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { clientSettings } from '../../src/adapters/aws/clients.ts';
import { lambdaAliasTarget, type LambdaAliasOptions } from '../../src/adapters/aws/lambda-alias.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { ReleaseRef, Target } from '../../src/ports/target.ts';
import { type AwsProxy, type Behaviour, startAwsProxy } from './aws-proxy.ts';
import { awsUrl } from './aws-server.ts';

/** Our AWS in tests: nobody's account, and a region that moto has. */
export const TEST_ACCOUNT = '123456789012';
export const TEST_REGION = 'eu-central-1';
export const TEST_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** What an SDK finds around it, so that it comes to this address. */
export function surroundings(endpoint: string) {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
  };
}

/** RevisionId as AWS has it: new with every change, and a change with an old one is refused. */
function revisions(): Behaviour {
  const known = new Map<unknown, number>();
  let last = Promise.resolve();
  return async ({ operation, input }, next) => {
    if (operation !== 'UpdateAlias' && operation !== 'GetAlias') return await next();
    // One at a time, or two changes could both pass the check.
    const turn = last;
    const mine = Promise.withResolvers<void>();
    last = mine.promise;
    await turn;
    try {
      const number = known.get(input['path']) ?? 1;
      const given = input['RevisionId'];
      if (operation === 'UpdateAlias' && given !== undefined && given !== `revision-${number}`) {
        const body = 'The Revision Id provided does not match the latest Revision Id.';
        return { status: 412, error: 'PreconditionFailedException', body };
      }
      const answered = await next();
      if (answered === 'drop' || answered.status >= 300) return answered;
      const now = operation === 'UpdateAlias' ? number + 1 : number;
      known.set(input['path'], now);
      return { ...answered, body: { ...Object(answered.body), RevisionId: `revision-${now}` } };
    } finally {
      mine.resolve();
    }
  };
}

/** Two versions to a page, so that whoever reads only one page is found out. */
const pages: Behaviour = async ({ operation, input }, next) => {
  const answered = await next();
  if (operation !== 'ListVersionsByFunction' || answered === 'drop') return answered;
  const all = (answered.body as { Versions?: unknown[] }).Versions ?? [];
  const from = Number(input['Marker'] ?? 0);
  const more = from + 2 < all.length ? { NextMarker: String(from + 2) } : {};
  return { ...answered, body: { Versions: all.slice(from, from + 2), ...more } };
};

export interface LambdaFixture extends AsyncDisposable {
  proxy: AwsProxy;
  functionName: string;
  target: Target;
  lines: string[];
  /** Another target over the same alias, as another process has it. */
  another(more?: Partial<LambdaAliasOptions>): Target;
  /** @returns the number of the new version */
  publish(release: ReleaseRef): Promise<string>;
  publishAs(description: string): Promise<string>;
  /** Digest of a version's code, as AWS shows it. */
  codeOf(version: string): Promise<string>;
  tagFunction(tags: Record<string, string>): Promise<void>;
  /** Moves the alias as a deploy pipeline does that does not know Backout. */
  deployedBySomebodyElse(version: string, weights?: Record<string, number>): Promise<void>;
  /** What AWS has, past the proxy. */
  alias(): Promise<{ version: string; description: string; weights: Record<string, number> }>;
  /** Tags of the releases that the alias was moved to for all traffic. */
  changes(): string[];
}

const ROLE = 'shop';

/** A function needs a role that exists. One call, for which a whole client would be too much. */
async function makeRole(): Promise<void> {
  const { accessKeyId } = TEST_CREDENTIALS;
  const scope = `${accessKeyId}/20260101/${TEST_REGION}/iam/aws4_request`;
  const trust = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ],
  };
  // It may be there already: then this is refused, which is just as good.
  await fetch(awsUrl(), {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`,
    },
    body: new URLSearchParams({
      Action: 'CreateRole',
      Version: '2010-05-08',
      RoleName: ROLE,
      AssumeRolePolicyDocument: JSON.stringify(trust),
    }),
  });
}

/** A function with a version that is no release, and the alias `live` on it. */
export async function lambdaFixture(
  more: Partial<LambdaAliasOptions> = {},
): Promise<LambdaFixture> {
  const proxy = await startAwsProxy({ upstream: awsUrl(), behaviours: [revisions(), pages] });
  const functionName = `shop-${randomBytes(4).toString('hex')}`;
  const place = { region: TEST_REGION, credentials: TEST_CREDENTIALS };
  const direct = new LambdaClient({ ...clientSettings({ ...place, endpoint: awsUrl() }) });
  const client = new LambdaClient({ ...clientSettings({ ...place, endpoint: proxy.url }) });
  const released = new Map<string, string>();
  const lines: string[] = [];
  const FunctionName = functionName;

  async function publishAs(Description: string): Promise<string> {
    await direct.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: randomBytes(32) }));
    const { Version } = await direct.send(new PublishVersionCommand({ FunctionName, Description }));
    return Version ?? '';
  }
  const another = (others: Partial<LambdaAliasOptions> = {}): Target =>
    lambdaAliasTarget({
      name: 'api',
      client,
      functionName,
      alias: 'live',
      clock: systemClock,
      onOutput: (line) => lines.push(line),
      ...more,
      ...others,
    });

  await makeRole();
  await direct.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: `arn:aws:iam::${TEST_ACCOUNT}:role/${ROLE}`,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Code: { ZipFile: randomBytes(32) },
    }),
  );
  const first = await publishAs('made by hand');
  await direct.send(
    new CreateAliasCommand({
      FunctionName,
      Name: 'live',
      FunctionVersion: first,
      Description: 'Serves',
    }),
  );
  return {
    proxy,
    functionName,
    target: another(),
    lines,
    another,
    publishAs,
    async publish({ tag, commit }) {
      const version = await publishAs(`${tag} ${commit}`);
      released.set(version, tag);
      return version;
    },
    async codeOf(Qualifier) {
      const command = new GetFunctionConfigurationCommand({ FunctionName, Qualifier });
      return (await direct.send(command)).CodeSha256 ?? '';
    },
    async tagFunction(Tags) {
      const Resource = `arn:aws:lambda:${TEST_REGION}:${TEST_ACCOUNT}:function:${functionName}`;
      await direct.send(new TagResourceCommand({ Resource, Tags }));
    },
    async deployedBySomebodyElse(FunctionVersion, weights = {}) {
      await client.send(
        new UpdateAliasCommand({
          FunctionName,
          Name: 'live',
          FunctionVersion,
          RoutingConfig: { AdditionalVersionWeights: weights },
        }),
      );
    },
    async alias() {
      const found = await direct.send(new GetAliasCommand({ FunctionName, Name: 'live' }));
      return {
        version: found.FunctionVersion ?? '',
        description: found.Description ?? '',
        weights: found.RoutingConfig?.AdditionalVersionWeights ?? {},
      };
    },
    changes() {
      const moves = proxy
        .inputs('UpdateAlias')
        .map(({ FunctionVersion }) => String(FunctionVersion));
      return moves
        .filter((version, at) => version !== moves[at - 1])
        .map((version) => released.get(version) ?? `version ${version}`);
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      direct.destroy();
      await proxy[Symbol.asyncDispose]();
    },
  };
}
