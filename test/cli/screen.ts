/** What is on a terminal after everything that a program wrote: lines, without colours. */
export function screenOf(raw: string): string[] {
  const lines: string[] = [''];
  let column = 0;
  // oxlint-disable-next-line no-control-regex -- they are what a terminal obeys
  for (const [part] of raw.matchAll(/\u001b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\r\n\u001b]+|\u001b/g)) {
    const last = lines.length - 1;
    const line = lines[last] ?? '';
    if (part === '\n') lines.push('');
    else if (part === '\r' || part === '\u001b[1G') column = 0;
    else if (part === '\u001b[2K') lines[last] = '';
    else if (part === '\u001b[0J' || part === '\u001b[0K') lines[last] = line.slice(0, column);
    else if (part.startsWith('\u001b') && part.endsWith('G'))
      column = Number(part.slice(2, -1)) - 1;
    else if (!part.startsWith('\u001b')) {
      lines[last] = line.slice(0, column).padEnd(column) + part + line.slice(column + part.length);
      column += part.length;
    }
  }
  return lines.map((line) => line.trimEnd());
}
