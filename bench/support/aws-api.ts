/**
 * A real server of the AWS API for benchmarks: the moto that the tests have installed into the
 * cache folder, started here for one run; or the one at `AWS_ENDPOINT_URL`.
 */
import { readdir } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { prepareCacheDir } from '../../src/adapters/local/cache-directory.ts';
import { startServer } from '../../src/adapters/local/local-server.ts';
import type { Environment } from '../../src/config/environment.ts';

export interface AwsApi extends AsyncDisposable {
  url: string;
}

/** @throws Error when no test has installed it yet */
export async function startAwsApi({ cacheDir, variables }: Environment): Promise<AwsApi> {
  const given = variables['AWS_ENDPOINT_URL'];
  if (given !== undefined && given !== '') {
    return { url: given, [Symbol.asyncDispose]: async () => {} };
  }
  const home = join(await prepareCacheDir(cacheDir), 'aws-server');
  const names = await readdir(home).catch(() => []);
  const name = names.find((one) => one.startsWith('moto-'));
  if (name === undefined) {
    throw new Error('There is no moto yet: npx vitest run test/adapters/aws/ssm-flags.test.ts');
  }
  const python = join(home, name, 'bin', 'python');
  const server = await startServer(
    {
      name: 'moto',
      prepare: ({ port, dir }) =>
        Promise.resolve({
          variables: { HOME: dir, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
          steps: [[python, '-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)]],
          signals: ['SIGTERM'],
          asOurselves: true,
        }),
      url: ({ port }) => `http://127.0.0.1:${port}`,
      async probe({ port }) {
        const signal = AbortSignal.timeout(2_000);
        const answer = await fetch(`http://127.0.0.1:${port}/moto-api/`, { signal });
        if (!answer.ok) throw new Error(`It answered with status ${answer.status}`);
      },
    },
    {},
  );
  return { url: server.url, [Symbol.asyncDispose]: () => server.stop() };
}

/** A place in front of the server that counts the calls which pass, by operation. */
export async function countCalls(
  upstream: string,
): Promise<AsyncDisposable & { url: string; counted: Map<string, number> }> {
  const counted = new Map<string, number>();
  const server = createServer((incoming, outgoing) => {
    const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
    counted.set(operation, (counted.get(operation) ?? 0) + 1);
    // moto runs no functions: one that is started without waiting for it is taken at once.
    if (incoming.url?.endsWith('/invocations') === true) {
      incoming.resume();
      outgoing.writeHead(202).end();
      return;
    }
    const address = new URL(incoming.url ?? '/', upstream);
    const headers = { ...incoming.headers, host: address.host };
    const passed = request(address, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was assigned.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    counted,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
