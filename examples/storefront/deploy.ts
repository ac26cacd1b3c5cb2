// The storefront's deploy program.
//
//   node deploy.ts preflight|deploy --state DIR --tag TAG --commit COMMIT
//   node deploy.ts current --state DIR
//
// BACKOUT_FENCE: number of the caller's lease. BACKOUT_INCIDENT: what the deployment is for.
// Exit codes: 0 done, 75 not now, try again, 76 a newer holder was here, 1 anything else.

import { request } from 'node:http';
import { parseArgs } from 'node:util';
import { verifyArtifact } from './platform/artifact.ts';
import { DeployError, reasonOfStatus } from './platform/deploy-error.ts';
import { type Door, readDoor } from './platform/door.ts';
import { countOf, textOf } from './platform/json.ts';

const EXIT_CODE = { temporary: 75, fenced: 76, failed: 1 } as const;
/** Milliseconds: starting 10 s, first health 10 s, draining 5 s, stopping 2.5 s, and one call before us. */
const DEPLOY_LIMIT_MS = 60_000;
const QUESTION_LIMIT_MS = 5000;

try {
  await main();
} catch (error) {
  console.error(`deploy: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = EXIT_CODE[error instanceof DeployError ? error.reason : 'failed'];
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      state: { type: 'string' },
      tag: { type: 'string' },
      commit: { type: 'string' },
    },
  });
  const door = findDoor(textOf(values, 'state'));
  switch (positionals[0] ?? 'nothing') {
    case 'current':
      console.log(JSON.stringify(await current(door)));
      return;
    case 'preflight':
      verifyArtifact(door.artifacts, textOf(values, 'tag'), textOf(values, 'commit'));
      await call(door, 'GET', '/ready', '', QUESTION_LIMIT_MS);
      return;
    case 'deploy':
      await deploy(door, textOf(values, 'tag'), textOf(values, 'commit'));
      return;
    default:
      throw new Error('say what to do: preflight, deploy or current');
  }
}

async function current(door: Door): Promise<{ tag: string; commit: string }> {
  const live = await call(door, 'GET', '/current', '', QUESTION_LIMIT_MS);
  return { tag: textOf(live, 'tag'), commit: textOf(live, 'commit') };
}

async function deploy(door: Door, tag: string, commit: string): Promise<void> {
  const { BACKOUT_FENCE = '', BACKOUT_INCIDENT: incident = 'none' } = process.env;
  if (!/^\d+$/.test(BACKOUT_FENCE)) throw new Error('BACKOUT_FENCE must be a whole number');
  const fence = countOf({ fence: Number(BACKOUT_FENCE) }, 'fence');
  const body = JSON.stringify({ tag, commit, fence, incident });
  await call(door, 'POST', '/release', body, DEPLOY_LIMIT_MS);
}

function findDoor(stateDirectory: string): Door {
  try {
    return readDoor(stateDirectory);
  } catch (cause) {
    throw new DeployError('temporary', `no supervisor was started for ${stateDirectory}`, {
      cause,
    });
  }
}

/** @throws {DeployError} with the reason that the supervisor gave, `temporary` when there is none */
function call(
  door: Door,
  method: string,
  path: string,
  body: string,
  limitMs: number,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const unreachable = (cause: Error): void =>
      reject(new DeployError('temporary', `the supervisor did not answer: ${cause.message}`));
    const outgoing = request({
      host: '127.0.0.1',
      port: door.controlPort,
      method,
      path,
      headers: { authorization: `Bearer ${door.token}` },
      signal: AbortSignal.timeout(limitMs),
    });
    outgoing.once('error', unreachable);
    outgoing.once('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('error', unreachable);
      answer.once('end', () => {
        try {
          resolve(readAnswer(answer.statusCode ?? 0, JSON.parse(text)));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    outgoing.end(body);
  });
}

function readAnswer(status: number, value: unknown): unknown {
  if (status === 200) return value;
  throw new DeployError(reasonOfStatus(status), textOf(value, 'error'));
}
