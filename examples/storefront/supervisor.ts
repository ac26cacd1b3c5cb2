// Keeps one release of the storefront running behind a fixed address, and changes it without
// losing a request. It stands for what a container service or systemd does for a real service.
//
//   node supervisor.ts --state DIR --artifacts DIR --flags DIR [--port N]
//     [--service NAME] [--environment NAME]          STOREFRONT_REDIS_URL: optional

import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createControl } from './platform/control.ts';
import { writeDoor } from './platform/door.ts';
import { createFront } from './platform/front.ts';
import { listen } from './platform/listen.ts';
import { createFakeProviders } from './platform/providers.ts';
import { createReleases } from './platform/releases.ts';

const { values } = parseArgs({
  options: {
    state: { type: 'string' },
    artifacts: { type: 'string' },
    flags: { type: 'string' },
    port: { type: 'string', default: '0' },
    service: { type: 'string', default: 'storefront' },
    environment: { type: 'string', default: 'local' },
  },
});
if (values.state === undefined || values.artifacts === undefined || values.flags === undefined) {
  throw new Error('--state, --artifacts and --flags are needed, each with a folder.');
}

const stateDirectory = resolve(values.state);
const artifacts = resolve(values.artifacts);
mkdirSync(stateDirectory, { recursive: true });

const providers = createFakeProviders();
const { PATH = '', STOREFRONT_REDIS_URL } = process.env;
const releases = createReleases({
  stateDirectory,
  artifacts,
  log: openSync(join(stateDirectory, 'service.log'), 'a'),
  env: {
    PATH,
    STOREFRONT_FLAGS: resolve(values.flags),
    STOREFRONT_SERVICE: values.service,
    STOREFRONT_ENVIRONMENT: values.environment,
    STOREFRONT_PROVIDERS_URL: `http://127.0.0.1:${await listen(providers)}`,
    ...(STOREFRONT_REDIS_URL === undefined ? {} : { STOREFRONT_REDIS_URL }),
  },
});

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
process.once('SIGHUP', stop);
// The channel to the process that started us, if there is one, closes when that process is gone.
process.once('disconnect', stop);

const token = randomBytes(16).toString('hex');
const front = createFront(releases.live);
const control = createControl(releases, token);

await releases.resume().catch((error: unknown) => {
  console.error('What was live before could not be started again:', error);
});
const url = `http://127.0.0.1:${await listen(front, Number(values.port))}`;
const controlPort = await listen(control);
writeDoor(stateDirectory, { pid: process.pid, url, controlPort, token, artifacts });
console.log(`The storefront is at ${url}`);
process.send?.({ url });

/** Ends every process we started; their own channel to us is the safety net. */
function stop(): void {
  setTimeout(() => process.exit(1), 10_000).unref();
  front.close();
  control.close();
  void releases.stop().finally(() => process.exit(0));
}
