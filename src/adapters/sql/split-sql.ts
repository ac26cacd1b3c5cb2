/**
 * Cuts a text that PostgreSQL's parser refuses as a whole into statements, so that one that cannot
 * be read does not hide the others. Nothing is left out: each piece is either parsed or reported.
 */

export interface Piece {
  /** Offset of its first character. */
  start: number;
  /** Offset behind its last. */
  end: number;
  /** A line for psql (`\connect`), which is not SQL. */
  isForPsql: boolean;
}

const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const ESCAPED = /[eE]'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*(?:'|$)/y;
const QUOTED = /'[^']*(?:''[^']*)*(?:'|$)|"[^"]*(?:""[^"]*)*(?:"|$)/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const LINE_COMMENT = /--[^\n]*/y;
const COPY_FROM_PROGRAM = /^\s*COPY\b[^]*\bFROM\s+STDIN\b/i;
/** What ends the rows of COPY FROM STDIN: a line with `\.` alone. */
const END_OF_ROWS = /^\\\.[ \t\r]*$/m;

export function splitSql(text: string): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let position = 0;
  // BEGIN ATOMIC … END: the body of a function in SQL, with semicolons of its own.
  let depth = 0;
  let lastWord = '';
  let isEmpty = true;
  const cut = (end: number, isForPsql = false): void => {
    pieces.push({ start, end, isForPsql });
    start = end;
    depth = 0;
    isEmpty = true;
  };
  while (position < text.length) {
    const sign = text[position] ?? '';
    if (isEmpty && sign === '\\') {
      const end = text.indexOf('\n', position);
      start = position;
      position = end < 0 ? text.length : end;
      cut(position, true);
      continue;
    }
    const next = endOfToken(text, position);
    if (sign === ';' && depth === 0) {
      position = next;
      const isCopy = COPY_FROM_PROGRAM.test(text.slice(start, position));
      if (isCopy) position = endOfRows(text, position);
      // The rows go with the statement: they are data, and may look like anything.
      const end = next;
      cut(end);
      start = position;
      continue;
    }
    WORD.lastIndex = position;
    if (WORD.test(text)) {
      const word = text.slice(position, next).toUpperCase();
      if (word === 'ATOMIC' && lastWord === 'BEGIN') depth = 1;
      else if (word === 'CASE' && depth > 0) depth += 1;
      else if (word === 'END' && depth > 0) depth -= 1;
      lastWord = word;
    }
    if (!/\s/.test(sign) && !isComment(text, position)) isEmpty = false;
    position = next;
  }
  if (start < text.length) cut(text.length);
  return pieces;
}

export function isComment(text: string, position: number): boolean {
  return text.startsWith('--', position) || text.startsWith('/*', position);
}

export function endOfToken(text: string, position: number): number {
  if (text.startsWith('/*', position)) return endOfBlockComment(text, position);
  for (const token of [LINE_COMMENT, ESCAPED, WORD, QUOTED]) {
    token.lastIndex = position;
    if (token.test(text)) return token.lastIndex;
  }
  DOLLAR.lastIndex = position;
  const [tag] = DOLLAR.exec(text) ?? [];
  if (tag === undefined) return position + 1;
  const close = text.indexOf(tag, position + tag.length);
  return close < 0 ? text.length : close + tag.length;
}

/** Comments nest. */
function endOfBlockComment(text: string, from: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  let depth = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}

function endOfRows(text: string, from: number): number {
  const rest = text.slice(from);
  const match = END_OF_ROWS.exec(rest);
  return match === null ? text.length : from + match.index + match[0].length;
}

/** Offset of the first character that is neither space nor comment. */
export function skipSpaceAndComments(text: string): number {
  let position = 0;
  while (position < text.length) {
    if (/[\s;]/.test(text[position] ?? '')) position += 1;
    else if (isComment(text, position)) position = endOfToken(text, position);
    else break;
  }
  return position;
}
