import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const folder = resolve(import.meta.dirname, '../../.github/workflows');
const workflows = readdirSync(folder).map((name): [string, string] => [
  name,
  readFileSync(join(folder, name), 'utf8'),
]);

const workflowSchema = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({
      permissions: z.record(z.string(), z.string()),
      'timeout-minutes': z.number().max(60),
      steps: z.array(
        z.object({
          run: z.string().default(''),
          uses: z.string().default(''),
          with: z.record(z.string(), z.unknown()).default({}),
        }),
      ),
    }),
  ),
});

test('There are workflows to look at.', () => {
  expect(workflows).not.toEqual([]);
});

describe.for(workflows)('Workflow %s', ([, text]) => {
  const { permissions, jobs } = workflowSchema.parse(parse(text));
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  test('gives no rights to all jobs, and tells why a job has one', () => {
    expect(permissions).toEqual({});
    const grants = text.split('\n').filter((line) => /^ {6}[\w-]+: (read|write)\b/.test(line));
    expect(grants).toHaveLength(
      Object.values(jobs).flatMap((job) => Object.keys(job.permissions)).length,
    );
    expect(grants.filter((line) => !/ # \w/.test(line))).toEqual([]);
  });

  test('uses actions by commit, with the version beside it', () => {
    const uses = text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line));
    const pinned = /uses: (\.\/\S+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;
    expect(uses.filter((line) => !pinned.test(line))).toEqual([]);
    expect(uses).toHaveLength(steps.filter((step) => step.uses !== '').length);
  });

  test('leaves no credentials in the work tree', () => {
    const checkouts = steps.filter(({ uses }) => uses.startsWith('actions/checkout@'));
    for (const checkout of checkouts) {
      expect(checkout.with).toMatchObject({ 'persist-credentials': false });
    }
  });

  test('puts no expression into a shell', () => {
    expect(steps.filter(({ run }) => run.includes('${{'))).toEqual([]);
  });
});
