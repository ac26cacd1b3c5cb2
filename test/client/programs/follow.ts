/**
 * An application for tests: `follow.ts DIRECTORY REDIS_URL SERVICE INSTANCE`. Takes a snapshot every
 * 5 ms, as requests would, and prints what it decides by whenever that changes. Ends with its input.
 */

import { writeSync } from 'node:fs';
import { connectBackout } from '../../../client/index.ts';

const [flagsDirectory = '', redisUrl = '', service = '', instance = ''] = process.argv.slice(2);
const client = await connectBackout({
  service,
  environment: 'test',
  flagsDirectory,
  redisUrl,
  instance,
  release: 'v1.2.0',
});

let last = '';
const requests = setInterval(() => {
  const snapshot = client.snapshot();
  const line = JSON.stringify({
    epoch: snapshot.describe(),
    posts: snapshot.flag('posts', false),
    stripe: snapshot.allows('stripe'),
    safeState: snapshot.safeState,
  });
  if (line !== last) writeSync(1, `${line}\n`);
  last = line;
}, 5);

// Nothing is forced here: the process must end by itself when the client is closed.
process.stdin.resume().once('end', () => {
  clearInterval(requests);
  void client.close();
});
