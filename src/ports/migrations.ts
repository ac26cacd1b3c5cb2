import type { Statement } from '../model/migration/change.ts';

/** What the migrations between two releases mean for the older one's code. */
export interface MigrationAudit {
  /**
   * @param older commit that would be gone back to
   * @param live commit that is live
   * @returns `why` is the end of a sentence about the older release
   */
  between(
    older: string,
    live: string,
  ): Promise<{ verdict: 'safe' | 'breaking' | 'unclear'; why: string }>;
}

/** A file of a repository at a commit. */
export interface TreeFile {
  /** From the root of the repository. */
  path: string;
  /** Name of its content: equal contents have equal names. */
  id: string;
  kind: 'file' | 'link' | 'repository';
}

/** Files of any commit, without a checkout. */
export interface CommittedFiles {
  list(commit: string): Promise<TreeFile[]>;
  /** @returns by id; a sentence in place of a content that is too large */
  read(ids: readonly string[]): Promise<Map<string, Uint8Array | string>>;
}

/** What a JavaScript or TypeScript file is. */
export type ScriptReading =
  | { kind: 'migration'; tool: 'knex' | 'node-pg-migrate' | 'unknown'; statements: Statement[] }
  /** It exports no `up`: code beside the migrations. */
  | { kind: 'helper' };

/** Reads what migrations do. Never throws: what cannot be read becomes an `unknown` statement. */
export interface MigrationReader {
  sql(text: string): Statement[];
  script(path: string, text: string): ScriptReading;
  /** The same for two texts that differ in comments and spaces only. */
  essence(text: string): string;
}
