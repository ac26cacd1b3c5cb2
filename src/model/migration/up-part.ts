/** What of a file runs forward, for tools that keep both directions in one file. */

export type SqlFormat = 'dbmate' | 'goose' | 'sql-migrate' | 'node-pg-migrate' | 'plain';

/** The lines that these tools look for, as they look for them. */
const MARKS: readonly [Exclude<SqlFormat, 'plain'>, RegExp, RegExp][] = [
  ['dbmate', /^--\s*migrate:up(\s|$)/, /^--\s*migrate:down(\s|$)/],
  ['goose', /^--\s*\+goose\s+up\b/i, /^--\s*\+goose\s+down\b/i],
  ['sql-migrate', /^--\s*\+migrate\s+up\b/i, /^--\s*\+migrate\s+down\b/i],
  ['node-pg-migrate', /^\s*--[\s-]*up\s+migration/i, /^\s*--[\s-]*down\s+migration/i],
];

/**
 * @returns the text with what runs backwards blanked out, so that lines keep their numbers. Text
 * before the first mark stays. A file that does not begin with a mark for "up" is of none of these
 * tools: `-- migrate:down` is then a comment, and everything runs.
 */
export function upPart(text: string): { format: SqlFormat; text: string } {
  const lines = text.split('\n');
  for (const [format, up, down] of MARKS) {
    const firstUp = lines.findIndex((line) => up.test(line));
    const firstDown = lines.findIndex((line) => down.test(line));
    if (firstUp < 0 || (firstDown >= 0 && firstDown < firstUp)) continue;
    let isUp = true;
    const kept = lines.map((line) => {
      if (up.test(line)) isUp = true;
      if (down.test(line)) isUp = false;
      return isUp ? line : '';
    });
    return { format, text: kept.join('\n') };
  }
  return { format: 'plain', text };
}
