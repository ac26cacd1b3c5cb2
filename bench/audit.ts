/**
 * How long the audit of 1,000 migration files takes: 500 that both releases have, 500 that only the
 * newer one has. Beside it the floor: git handing out the same files, and nothing else done with
 * them. Rounds of all in turn, so that a busy machine hits them alike.
 *
 *   npm run bench -- audit
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { committedFiles } from '../src/adapters/git/read-tree.ts';
import { readEnvironment } from '../src/config/environment.ts';
import { audit } from '../src/wiring/audit.ts';

const FILES = 1_000;
/** Odd, so that the median is a measured one. */
const ROUNDS = 7;
/** What was promised, for the whole program from start to end. */
const PROMISED_MS = 2_000;

const program = resolve(import.meta.dirname, '../cli/backout.ts');
const folder = await mkdtemp(join(tmpdir(), 'backout-bench-'));
const { variables } = readEnvironment();
const env = {
  PATH: variables['PATH'],
  HOME: folder,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'bench',
  GIT_AUTHOR_EMAIL: 'bench@example.com',
  GIT_COMMITTER_NAME: 'bench',
  GIT_COMMITTER_EMAIL: 'bench@example.com',
};
const git = (...args: string[]): void => {
  execFileSync('git', ['-C', folder, ...args], { env, stdio: 'ignore' });
};

/** Nine statements that migrations are made of. */
function migration(number: number): string {
  return `-- Number ${number}; with a comment
CREATE TABLE thing_${number} (
  id bigserial PRIMARY KEY,
  name text NOT NULL CHECK (length(name) > 0),
  state varchar(20) NOT NULL DEFAULT 'new',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX thing_${number}_name_idx ON thing_${number} (lower(name)) WHERE state <> 'gone';
ALTER TABLE thing_${number} ADD COLUMN owner bigint, ADD COLUMN note text;
ALTER TABLE thing_0 ADD COLUMN other_${number} text;
COMMENT ON TABLE thing_${number} IS 'What the thing is; and why';
INSERT INTO thing_${number} (name) VALUES ('first'), ('second; with a semicolon');
UPDATE thing_${number} SET note = 'filled' WHERE note IS NULL;
CREATE FUNCTION touch_${number}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.created_at := now(); RETURN NEW; END $$;
GRANT SELECT ON thing_${number} TO PUBLIC;
`;
}

async function write(from: number, to: number): Promise<void> {
  for (let number = from; number < to; number += 1) {
    const name = `${String(number).padStart(6, '0')}_thing.sql`;
    await writeFile(join(folder, 'migrations', name), migration(number));
  }
  git('add', '--all');
  git('commit', '--quiet', '-m', 'bench');
}

const reading: number[] = [];
const auditing: number[] = [];
const whole: number[] = [];
try {
  await mkdir(join(folder, 'migrations'));
  git('init', '--quiet');
  await write(0, FILES / 2);
  git('tag', 'v1');
  await write(FILES / 2, FILES);
  git('tag', 'v2');
  for (let round = -1; round < ROUNDS; round += 1) {
    const one = await measure();
    // The first round fills caches and loads the parser.
    if (round < 0) continue;
    reading.push(one.reading);
    auditing.push(one.auditing);
    whole.push(one.whole);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<{ reading: number; auditing: number; whole: number }> {
  const files = committedFiles({ directory: folder, env });
  const start = performance.now();
  for (const tag of ['v1', 'v2']) {
    const tree = await files.list(tag);
    await files.read(tree.map(({ id }) => id));
  }
  const read = performance.now();
  const options = { directory: folder, from: 'v1', to: 'v2', env };
  const report = await audit({
    ...options,
    patterns: undefined,
    none: false,
    databaseUrlEnv: undefined,
  });
  const audited = performance.now();
  if (report.migrations.length !== (FILES / 2) * 9)
    throw new Error('Not every statement was judged.');
  const args = [program, 'audit', '--repo', folder, '--from', 'v1', '--to', 'v2', '--json'];
  const { status } = spawnSync(process.execPath, args, { env, stdio: 'ignore' });
  if (status !== 0) throw new Error(`The program ended with ${status}.`);
  return { reading: read - start, auditing: audited - read, whole: performance.now() - audited };
}

const rows = [
  ['reading the files alone', reading],
  ['the audit, within a process', auditing],
  ['backout audit, from start to end', whole],
] as const;
for (const [name, times] of rows) {
  const ratio = (median(times) / median(reading)).toFixed(1);
  const range = `${Math.min(...times).toFixed(0)}–${Math.max(...times).toFixed(0)}`;
  process.stdout.write(
    `${name.padEnd(34)} ${median(times).toFixed(0).padStart(5)} ms  (${range})  ${ratio} x\n`,
  );
}
const isKept = median(whole) <= PROMISED_MS;
process.stdout.write(
  `${FILES} files in ${(median(whole) / 1000).toFixed(2)} s; promised ${PROMISED_MS / 1000} s: ${isKept ? 'kept' : 'BROKEN'}\n`,
);
process.exitCode = isKept ? 0 : 1;

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}
