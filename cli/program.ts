import { Command, CommanderError } from 'commander';
import { BackoutError } from '../src/model/error.ts';
import { checkInput } from './check-input.ts';
import { loadCommands } from './commands/modules.ts';
import type { GlobalOptions } from './context.ts';
import { EXIT, type ExitCode, exitCodeOfError } from './exit-code.ts';
import { reportError } from './output.ts';

/**
 * Turns a command's function into what commander calls. Commander hands over the declared arguments
 * in their order, then the options, then the command.
 */
export type Runner = <A extends unknown[], O extends object>(
  action: (...given: [...A, O]) => Promise<ExitCode>,
) => (...given: [...A, O, Command]) => Promise<void>;

const EXAMPLES = `
First things first:
  backout emergency                 safe state now, undoes nothing
  backout assess                    what is live, where you could go back to
  backout rollback application      back to the last known good release

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration,
3 partial or unknown, 4 refused for safety.`;

/**
 * The commands with their options. What a command's function comes to is handed to `onEnd`.
 * @param argv what is going to be parsed: only the command that it names is there; left out: all
 */
export async function buildProgram(
  onEnd: (code: ExitCode) => void,
  argv: readonly string[] = [],
): Promise<Command> {
  const program = new Command('backout');
  const run: Runner =
    (action) =>
    async (...given) => {
      const command = given.pop();
      if (!(command instanceof Command)) throw new TypeError('commander handed over no command');
      // Options of the program itself count too, wherever they stand.
      Object.assign(given.at(-1) ?? {}, command.optsWithGlobals());
      // An emergency is not refused for its words: it mends them itself, and says so.
      if (command.name() !== 'emergency') checkInput(given);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- popped: what is left fits
      onEnd(await action(...(given as unknown as Parameters<typeof action>)));
    };
  program
    .description('Rolls a broken production service back: safe state, release, proof, record.')
    .option('--config <file>', 'backout.yml to use (default: the published one of this repository)')
    .option('-e, --environment <name>', 'default: the only one there is')
    .option('--json', 'results as JSON on the standard output')
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: 80, showGlobalOptions: true })
    // Its errors are told below, in the form that all errors have.
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  for (const add of await loadCommands(argv)) add(program, run);
  return program;
}

/** Runs one command line. Never throws: the outcome is the exit code. */
export async function runProgram(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = await buildProgram((ended) => {
    code = ended;
  }, argv);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      reportError(error, program.opts<GlobalOptions>().json === true, process);
      return exitCodeOfError(error);
    }
    if (error.exitCode === 0) return EXIT.done;
    // What stands behind the mistake is not parsed: look for the option itself.
    reportError(usageError(error), argv.includes('--json'), process);
    return EXIT.usage;
  }
}

/** `error: unknown command 'asess'\n(Did you mean assess?)` as one of our errors. */
function usageError({ code, message }: CommanderError): BackoutError {
  const said = message
    .replace(/^error: /, '')
    .replace(/\s*\(Did you mean (.*)\?\)$/, '')
    .replace(/\.+$/, '');
  const meant = /\(Did you mean (.*)\?\)$/.exec(message)?.[1];
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return new BackoutError({
    code: 'E_USAGE',
    kind: 'usage',
    message:
      code === 'commander.help'
        ? 'The command is not complete.'
        : `${said.slice(0, 1).toUpperCase()}${said.slice(1)}.${hint}`,
    remedy: 'See `backout --help`, or --help behind the command.',
  });
}
