import widthOf from 'string-width';

/** Output fits terminals and job logs. */
const COLUMNS = 80;

/** Breaks text at spaces to fit; further lines are indented. A longer word stays whole. */
export function wrap(text: string, first = '', rest = ' '.repeat(widthOf(first))): string {
  const lines: string[] = [];
  let line = first;
  let fresh = true;
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const glue = fresh ? '' : ' ';
    if (!fresh && widthOf(line) + 1 + widthOf(word) > COLUMNS) {
      lines.push(line);
      line = rest + word;
    } else line += glue + word;
    fresh = false;
  }
  lines.push(line);
  return lines.join('\n');
}

/** Rows in columns; the last column is wrapped to fit. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: Math.max(0, columns - 1) }, (_, index) =>
    Math.max(...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  return rows
    .map((row) => {
      const head = widths.map((width, index) => pad(row[index] ?? '', width)).join('  ');
      const start = widths.length === 0 ? '' : `${head}  `;
      return wrap(row[columns - 1] ?? '', start, ' '.repeat(widthOf(start))).trimEnd();
    })
    .join('\n');
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Control and direction characters that somebody typed must not move the cursor or hide text. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (sign) => (sign === '\n' ? ' ' : '\uFFFD'));
}
