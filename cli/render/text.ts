import widthOf from 'string-width';
import { splitCommand } from '../../src/model/shell.ts';

/** Output fits terminals and job logs. */
const COLUMNS = 80;

/**
 * Breaks text at spaces to fit; further lines are indented, also those that the text itself has
 * (the last lines of a program). A longer word stays whole. `first` and `rest` are ours and stay as
 * they are; the text may come from anybody and is made printable.
 */
export function wrap(text: string, first = '', rest = ' '.repeat(widthOf(first))): string {
  return text
    .split('\n')
    .map((part, index) => wrapLine(part, index === 0 ? first : rest, rest))
    .join('\n');
}

function wrapLine(text: string, first: string, rest: string): string {
  const lines: string[] = [];
  let line = first;
  let glue = '';
  for (const word of printable(text)
    .split(/\s+/)
    .filter((part) => part !== '')) {
    // A word that is too long stands alone on its line.
    if (line.trim() !== '' && widthOf(line + glue + word) > COLUMNS) {
      lines.push(line.trimEnd());
      line = rest + word;
    } else line += glue + word;
    glue = ' ';
  }
  return [...lines, line.trimEnd()].join('\n');
}

/** Wraps the lines of a text that are too long; a list or a table keeps its indentation. */
export function fit(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      // A line with colours was made by us, to fit.
      if (widthOf(line) <= COLUMNS || line.includes('\u001b')) return line;
      const indent = /^ */.exec(line)?.[0] ?? '';
      return wrap(line.trim(), indent, `${indent}  `);
    })
    .join('\n');
}

/** Rows in columns; the last column is wrapped to fit. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: Math.max(0, columns - 1) }, (_, index) =>
    Math.max(...rows.map((row) => widthOf(printable(row[index] ?? '')))),
  );
  const indent = widths.reduce((sum, width) => sum + width + 2, 0);
  // Names so long that nothing fits beside them: the last column goes below.
  const longest = Math.max(0, ...rows.map((row) => widthOf(printable(row[columns - 1] ?? ''))));
  const narrow = indent + Math.min(NARROWEST, longest) > COLUMNS;
  return rows
    .map((row) => {
      const last = row[columns - 1] ?? '';
      const cells = widths.map((width, index) => pad(printable(row[index] ?? ''), width));
      if (narrow && last !== '') {
        return `${fit(cells.join('  ').trimEnd())}\n${wrap(last, '      ')}`;
      }
      const start = cells.length === 0 ? '' : `${cells.join('  ')}  `;
      return wrap(last, start, ' '.repeat(indent)).trimEnd();
    })
    .join('\n');
}

/** A column of fewer characters cannot be read as text. */
const NARROWEST = 20;

/** `Do:      …` with a hanging indent. */
export function labelled(label: string, text: string): string {
  return wrap(text, `${label}:`.padEnd(9));
}

/**
 * `Next:    backout …`: a command to paste. One that does not fit goes onto lines of its own, as
 * {@link breakCommand} makes them.
 */
export function nextLine(command: string): string {
  const line = `${'Next:'.padEnd(9)}${command}`;
  return widthOf(line) <= COLUMNS ? line : `Next:\n${breakCommand(command, '  ')}`;
}

/**
 * A command line on lines that fit, each but the last with a backslash at its end, so that it still
 * can be pasted in one go. It is broken between words only, and before every `&&` and `||`; a long
 * word stays whole, with the lines that it has itself.
 */
export function breakCommand(command: string, indent = ''): string {
  if (!command.includes('\n') && widthOf(indent + command) <= COLUMNS) return indent + command;
  let text = '';
  let line = indent;
  const fits = (part: string): boolean => widthOf(`${indent}  ${part} \\`) <= COLUMNS;
  const parts = partsOf(command).flatMap((part) => (fits(part) ? [part] : splitCommand(part)));
  for (const part of parts) {
    const isFirst = line.trim() === '';
    const [start = '', ...more] = part.split('\n');
    const isJoint = part === '&&' || part === '||';
    if (!isFirst && (isJoint || widthOf(`${line} ${start} \\`) > COLUMNS)) {
      text += `${line} \\\n`;
      line = `${indent}  ${start}`;
    } else line += isFirst ? start : ` ${start}`;
    // A word with lines of its own: what follows goes on behind its last one.
    for (const next of more) {
      text += `${line}\n`;
      line = next;
    }
  }
  return text + line;
}

/** The words of a command, each option together with its value. */
function partsOf(command: string): string[] {
  const parts: string[] = [];
  let wantsValue = false;
  for (const word of splitCommand(command)) {
    const isOption = word.startsWith('-');
    if (wantsValue && !isOption) parts.push(`${parts.pop() ?? ''} ${word}`);
    else parts.push(word);
    wantsValue = isOption;
  }
  return parts;
}

/** Cuts a line to a width in columns, with `…` where something is missing. */
export function cut(text: string, columns: number): string {
  const line = printable(text);
  if (widthOf(line) <= columns) return line;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    if (widthOf(kept + segment) > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Control and direction characters that somebody typed must not move the cursor or hide text. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (sign) => (/\s/.test(sign) ? ' ' : '\uFFFD'));
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
