/**
 * A parameter store for one test: moto behind a proxy that counts and disturbs, and a path of its
 * own, so that tests do not see each other's parameters.
 */

import { GetParametersByPathCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { clientSettings } from '../../src/adapters/aws/clients.ts';
import { ssmFlags } from '../../src/adapters/aws/ssm-flags.ts';
import { type ParameterCalls, ssmParameters } from '../../src/adapters/aws/ssm-parameters.ts';
import type { Patience } from '../../src/adapters/aws/ssm-retry.ts';
import { randomIds } from '../../src/adapters/random-ids.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { type ParameterPaths, parameterPaths } from '../../src/config/resource-names.ts';
import type { FlagEditor, FlagStore } from '../../src/ports/flags.ts';
import { TEST_CREDENTIALS, TEST_REGION } from './aws-lambda.ts';
import { type AwsProxy, startAwsProxy } from './aws-proxy.ts';
import { awsUrl } from './aws-server.ts';

export interface ParameterFixture extends AsyncDisposable {
  proxy: AwsProxy;
  /** Goes through the proxy. */
  client: SSMClient;
  calls: ParameterCalls;
  paths: ParameterPaths;
  prefix: string;
  flags: FlagStore & FlagEditor;
  /** Somebody else, past the proxy. */
  others: FlagStore & FlagEditor;
  put(name: string, value: string): Promise<void>;
  /** All below the path of this test, by name. */
  stored(): Promise<Record<string, string>>;
}

const PARAMETER_SCOPE = { service: 'shop', environment: 'test' };

export async function parameterFixture(patience?: Patience): Promise<ParameterFixture> {
  await using resources = new AsyncDisposableStack();
  const proxy = resources.use(await startAwsProxy({ upstream: awsUrl() }));
  const open = (endpoint: string): SSMClient => {
    const place = { region: TEST_REGION, endpoint, credentials: TEST_CREDENTIALS, tries: 1 };
    const client = new SSMClient(clientSettings(place));
    resources.defer(() => client.destroy());
    return client;
  };
  const [client, direct] = [open(proxy.url), open(awsUrl())];
  const prefix = `/t${randomIds.next()}`;
  const paths = parameterPaths(prefix, PARAMETER_SCOPE);
  const calls = callsOf(client, patience === undefined ? {} : { patience });
  const kept = resources.move();
  return {
    proxy,
    client,
    calls,
    paths,
    prefix,
    flags: ssmFlags({ calls, paths }),
    others: ssmFlags({ calls: callsOf(direct), paths }),
    async put(name, value) {
      const input = { Name: name, Value: value, Type: 'String', Overwrite: true } as const;
      await direct.send(new PutParameterCommand(input));
    },
    async stored() {
      const found: Record<string, string> = {};
      let token: string | undefined;
      do {
        const answer = await direct.send(
          new GetParametersByPathCommand({ Path: prefix, Recursive: true, NextToken: token }),
        );
        for (const { Name = '', Value = '' } of answer.Parameters ?? []) found[Name] = Value;
        token = answer.NextToken;
      } while (token !== undefined);
      return found;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The calls as we make them. */
export function callsOf(client: SSMClient, more: { patience?: Patience } = {}): ParameterCalls {
  return ssmParameters({ client, clock: systemClock, ids: randomIds, ...more });
}
