import { Command, CommanderError } from 'commander';
import { addAssess } from './commands/assess.ts';
import { addBreakers } from './commands/breakers.ts';
import { addCheck } from './commands/check.ts';
import { addDrill } from './commands/drill.ts';
import { addEmergency } from './commands/emergency.ts';
import { addFlags } from './commands/flags.ts';
import { addIncident } from './commands/incident.ts';
import { addRelease } from './commands/release.ts';
import { addRollback } from './commands/rollback.ts';
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

/** Runs one command line. Never throws: the outcome is the exit code. */
export async function runProgram(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = new Command('backout');
  const run: Runner =
    (action) =>
    async (...given) => {
      const command = given.pop();
      // Options of the program itself count too, wherever they stand.
      if (command instanceof Command) Object.assign(given.at(-1) ?? {}, command.optsWithGlobals());
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- popped: what is left fits
      code = await action(...(given as unknown as Parameters<typeof action>));
    };
  program
    .description('Rolls a broken production service back: safe state, release, proof, record.')
    .option('--config <file>', 'backout.yml to use (default: the published one of this repository)')
    .option('-e, --environment <name>', 'default: the only one there is')
    .option('--json', 'results as JSON on the standard output')
    .showSuggestionAfterError()
    .showHelpAfterError('Run `backout --help` for the commands.')
    .configureHelp({ helpWidth: 80 })
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  for (const add of [
    addEmergency,
    addAssess,
    addRollback,
    addFlags,
    addBreakers,
    addIncident,
    addRelease,
    addCheck,
    addDrill,
  ]) {
    add(program, run);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    }
    reportError(error, argv.includes('--json'), process);
    return exitCodeOfError(error);
  }
}
