/** Text of anybody in a summary: it must show as it is, and do nothing. */

/**
 * Every sign that could mean something to Markdown or HTML becomes a number, and so can start no
 * table, link, mention, picture or code block.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replaceAll(/[^\p{L}\p{M}\p{N} .,/-]/gu, (sign) => `&#${sign.codePointAt(0) ?? 32};`)
    .replaceAll(/www\./gi, (word) => `${word.slice(0, 3)}&#46;`);
}

/** Signs that mean nothing in a diagram, in words no longer than one can read there. */
export function escapeMermaid(text: string): string {
  const words = text
    .replaceAll(/[^\p{L}\p{N} ._/+-]/gu, ' ')
    .replaceAll(/-{2,}/g, '-')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return Array.from(words).slice(0, 80).join('') || '-';
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** A table; the cells of its rows are made harmless here. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]) {
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.map((row) => line(row.map(escapeMarkdown))),
  ];
}
