import { createHash } from 'node:crypto';
import type { HistoryTool, PresentMigration } from './applied.ts';
import type { MigrationFile } from './file-layout.ts';

/** A migration of the live release, with its content. */
export interface LiveMigration extends MigrationFile {
  tool: string;
  content: Uint8Array | undefined;
}

/**
 * The migrations of the live release in the words of a tool's own table.
 * @param flywayChecksum as Flyway computes it, see {@link flywayLines}
 */
export function presentFor(
  tool: HistoryTool,
  files: readonly LiveMigration[],
  flywayChecksum: (content: Uint8Array) => string,
): PresentMigration[] {
  return ofTool(tool, files).flatMap((file): PresentMigration[] => {
    const { name, version, content } = file;
    const one = (key: string | undefined, checksum?: string): PresentMigration[] =>
      key === undefined
        ? []
        : [{ key, name, version, ...(checksum === undefined ? {} : { checksum }) }];
    switch (tool) {
      case 'flyway':
        return one(name, content === undefined ? undefined : flywayChecksum(content));
      case 'prisma':
        return one(name.split('/')[0], content === undefined ? undefined : sha256(content));
      case 'drizzle':
        return one(content === undefined ? undefined : sha256(content));
      case 'knex':
        return one(name);
      case 'node-pg-migrate':
        return one(name.replace(/(\.(up|down))?\.[a-z]+$/i, ''));
      case 'dbmate':
        return one(/^\d+/.exec(name)?.[0]);
      case 'golang-migrate':
      case 'goose':
        return one(version?.[0]?.toString());
      default:
        return tool satisfies never;
    }
  });
}

/** The folders that are of the tool; those that could be of any, when none is for certain. */
function ofTool(tool: HistoryTool, files: readonly LiveMigration[]): LiveMigration[] {
  const forward = files.filter(({ role }) => role !== 'down');
  const certain = new Set(forward.filter((file) => file.tool === tool).map(({ folder }) => folder));
  const folders =
    certain.size > 0
      ? certain
      : new Set(forward.filter((file) => file.tool === 'unknown').map(({ folder }) => folder));
  return forward.filter(({ folder }) => folders.has(folder));
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The bytes over which Flyway computes a checksum: the lines without their ends, without a BOM. */
export function flywayLines(content: Uint8Array): string {
  return new TextDecoder().decode(content).replaceAll(/\r\n|\r|\n/g, '');
}
