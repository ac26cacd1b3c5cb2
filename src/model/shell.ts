/**
 * Words and command lines for a POSIX shell, for people to paste. Backout itself never starts one:
 * it gives programs their arguments as a list.
 */

/** Words that a shell would not take for a program's name where a command begins. */
const RESERVED =
  /^(case|coproc|do|done|elif|else|esac|fi|for|function|if|in|select|then|time|until|while)$/;

/**
 * What must not reach a terminal raw: a tab completes, an escape commands, a direction mark lies. A
 * line break in quotes does no harm.
 */
const HIDDEN = /[^\P{Cc}\n]|\p{Cf}/u;

/** One word, as a shell reads it back. */
export function quote(text: string): string {
  if (HIDDEN.test(text)) return quoteHidden(text);
  if (/^[\w./:@+-]+$/.test(text) && !RESERVED.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Characters that cannot be shown are spelled out: `"$(printf 'a\011b')"`. */
function quoteHidden(text: string): string {
  const shown = text.replace(/\n+$/, '');
  const spelled = shown.replaceAll(/[\p{Cc}\p{Cf}\\'"%]/gu, (sign) =>
    [...new TextEncoder().encode(sign)]
      .map((byte) => (sign === '%' ? '%%' : `\\${byte.toString(8).padStart(3, '0')}`))
      .join(''),
  );
  // $( ) takes the line breaks at the end away; in quotes they stay.
  const ends = text.slice(shown.length);
  return `"$(printf '${spelled}')"${ends === '' ? '' : `'${ends}'`}`;
}

/**
 * The value of an environment variable as one word. While it is not set, the shell refuses the
 * command and names it, in place of running it with nothing.
 */
export function valueOf(variable: string): string {
  return `"\${${variable}:?is not set here}"`;
}

/**
 * The words of a command line, still quoted: between them it may be broken. Of all that a shell
 * knows it understands the quotes, and `"$( … )"` as one word.
 */
export function splitCommand(command: string): string[] {
  const word = /(?:[^\s'"\\]|\\[^]|'[^']*'|"\$\([^]*?\)"|"(?:[^"\\]|\\[^])*")+/g;
  return command.match(word) ?? [];
}
