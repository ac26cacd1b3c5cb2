/** The one message for "this machine has no PostgreSQL or Redis", complete enough to act on. */

import { BackoutError } from '../../model/error.ts';
import type { ServiceKind } from './binaries.ts';
import { serviceNames } from './binaries.ts';

const installation = {
  postgres: {
    debian: 'postgresql',
    mac: 'postgresql@17',
    docker: 'docker run -d --rm -p 5432:5432 -e POSTGRES_PASSWORD=backout postgres:17',
    setting: 'BACKOUT_TEST_DATABASE_URL=postgres://postgres:backout@127.0.0.1:5432/postgres',
  },
  redis: {
    debian: 'redis-server',
    mac: 'redis',
    docker: 'docker run -d --rm -p 6379:6379 redis:7',
    setting: 'BACKOUT_TEST_REDIS_URL=redis://127.0.0.1:6379/0',
  },
};

/**
 * @param missing what is not there; at least one
 * @param reason why it could not be fetched either, as a sentence
 */
export function missingServices(
  missing: readonly ServiceKind[],
  reason: string,
  cause?: unknown,
): BackoutError {
  const names = missing.map((kind) => serviceNames[kind]).join(' and ');
  const of = (field: 'debian' | 'mac' | 'docker' | 'setting', separator: string) =>
    missing.map((kind) => installation[kind][field]).join(separator);
  return new BackoutError({
    code: 'E_SERVICES_MISSING',
    message: `This machine has no ${names}. ${reason}`,
    state: 'No service was started and nothing was installed.',
    remedy: [
      'Do one of these, then run the same command again:',
      `  on Debian or Ubuntu:  sudo apt-get install -y ${of('debian', ' ')}`,
      `  on a Mac:             brew install ${of('mac', ' ')}`,
      `  with Docker:          ${of('docker', ' && ')}`,
      `                        and, for the tests, set ${of('setting', ' ')}`,
    ].join('\n'),
    cause,
  });
}
