/** The statements of test/model/migration/public-sample, audited as two releases of a repository. */
import { globSync, readFileSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { migrationReader } from '../../src/adapters/scripts/migration-reader.ts';
import type { Finding } from '../../src/model/migration/finding.ts';
import { auditMigrations } from '../../src/operations/audit-migrations.ts';
import type { TreeFile } from '../../src/ports/migrations.ts';

const folder = resolve(import.meta.dirname, '../model/migration/public-sample');
const LABELS = ['safe', 'breaking', 'needs-a-human'] as const;
export type Label = (typeof LABELS)[number];

const caseSchema = z.strictObject({
  /** `owner/repo path`. */
  source: z.string().regex(/^[\w.-]+\/[\w.-]+ \S/),
  file: z.string(),
  before: z.string().default(''),
  text: z.string(),
  /** One label for each statement, with its reason. */
  expect: z.array(
    z.partialRecord(z.enum(LABELS), z.string().min(10)).transform((given, context): Label => {
      const [label, ...others] = LABELS.filter((one) => given[one] !== undefined);
      if (label !== undefined && others.length === 0) return label;
      context.addIssue('One label, please.');
      return z.NEVER;
    }),
  ),
});
export type SampleCase = z.output<typeof caseSchema>;

export const sample: SampleCase[] = globSync('*.yml', { cwd: folder })
  .toSorted()
  .flatMap((file) => z.array(caseSchema).parse(parse(readFileSync(resolve(folder, file), 'utf8'))));

/** Where the older migrations lie, so that they belong to the same folder and tool. */
function beforePath(file: string): string {
  const name = posix.basename(file);
  const directory = posix.dirname(file);
  if (name === 'migration.sql') return posix.join(posix.dirname(directory), '0_before', name);
  if (name.endsWith('.up.sql')) return posix.join(directory, '000000_before.up.sql');
  return posix.join(directory, /^V\d/.test(name) ? 'V0__before.sql' : '00000_before.sql');
}

/** What the audit says about each statement of the case's file. */
export async function auditCase({ file, before, text }: SampleCase): Promise<Finding[]> {
  const texts = new Map([
    ['before', before],
    ['added', text],
  ]);
  const old: TreeFile = { path: beforePath(file), id: 'before', kind: 'file' };
  const added: TreeFile = { path: file, id: 'added', kind: 'file' };
  const { report } = await auditMigrations(
    {
      repository: {
        resolve: async (name) => name,
        isAncestor: async (one) => one === 'v1',
      },
      files: {
        list: async (commit) => (commit === 'v1' ? [old] : [old, added]),
        read: async (ids) =>
          new Map(ids.map((id) => [id, new TextEncoder().encode(texts.get(id) ?? '')])),
      },
      reader: migrationReader,
    },
    { from: 'v1', to: 'v2', none: false },
  );
  return report.migrations;
}
