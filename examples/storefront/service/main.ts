import { readFileSync } from 'node:fs';
import { fieldOf } from './answer.ts';
import { connectBackout } from './client.ts';
import { callProvidersAt } from './providers.ts';
import { createStorefront } from './server.ts';

const {
  PORT = '0',
  STOREFRONT_FLAGS = '.',
  STOREFRONT_REDIS_URL,
  STOREFRONT_PROVIDERS_URL = 'http://127.0.0.1:9',
  STOREFRONT_SERVICE = 'storefront',
  STOREFRONT_ENVIRONMENT = 'local',
} = process.env;

const release = readRelease();

// Wherever the flags and breakers are out of reach, the client answers with what it knows: the
// storefront starts in any case.
const client = await connectBackout({
  service: STOREFRONT_SERVICE,
  environment: STOREFRONT_ENVIRONMENT,
  flagsDirectory: STOREFRONT_FLAGS,
  instance: `storefront-${process.pid}`,
  release,
  onProblem: (problem) => console.error('backout:', problem),
  ...(STOREFRONT_REDIS_URL === undefined ? {} : { redisUrl: STOREFRONT_REDIS_URL }),
});

const server = createStorefront({
  client,
  release,
  callProvider: callProvidersAt(STOREFRONT_PROVIDERS_URL),
});

server.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  console.log(`storefront ${release} listens on http://127.0.0.1:${port}`);
  // Started by the supervisor, there is a channel to tell it where we listen.
  process.send?.({ port });
});

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
// The channel closes when the supervisor is gone, however it went.
process.once('disconnect', stop);

/** Stops within 2 seconds, finished or not. */
function stop(): void {
  setTimeout(() => process.exit(1), 2000).unref();
  server.close(() => void client.close().finally(() => process.exit(0)));
  server.closeIdleConnections();
}

/** The build wrote the tag beside the code; a work tree has none. */
function readRelease(): string {
  try {
    const artifact: unknown = JSON.parse(
      readFileSync(new URL('../artifact.json', import.meta.url), 'utf8'),
    );
    return String(fieldOf(artifact, 'tag'));
  } catch {
    return 'work-tree';
  }
}
