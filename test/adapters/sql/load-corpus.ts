/** The labelled statements of test/model/migration/corpus. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { KINDS } from '../../../src/model/migration/finding.ts';

const corpus = resolve(import.meta.dirname, '../../model/migration/corpus');
const kind = z.enum(KINDS);
const caseSchema = z.strictObject({
  sql: z.string(),
  expect: z.union([kind, z.array(kind)]).transform((given) => [given].flat()),
  source: z.string().min(10),
});

/** The migrations that every case starts from. */
export const oldRelease = readFileSync(join(corpus, 'old-release.sql'), 'utf8');

export const cases = globSync('*.yml', { cwd: corpus })
  .toSorted()
  .flatMap((file) => {
    const read = z.array(caseSchema).parse(parse(readFileSync(join(corpus, file), 'utf8')));
    return read.map(({ sql, expect: labels, source }) => ({ file, sql, labels, source }));
  });
