import type { Command } from 'commander';
import type { Runner } from '../program.ts';

export type AddCommand = (program: Command, run: Runner) => void;

/**
 * What defines each command, by the first word on the command line, in the order of the help. Only
 * the module of the command that is typed is loaded: the others cost a third of the time until the
 * first command could begin.
 */
const MODULES: { words: readonly string[]; load: () => Promise<AddCommand> }[] = [
  {
    words: ['emergency'],
    load: async () => (await import('./emergency.ts')).addEmergency,
  },
  { words: ['assess'], load: async () => (await import('./assess.ts')).addAssess },
  { words: ['audit'], load: async () => (await import('./audit.ts')).addAudit },
  { words: ['validate'], load: async () => (await import('./validate.ts')).addValidate },
  {
    words: ['plan', 'rollback'],
    load: async () => (await import('./rollback.ts')).addRollback,
  },
  { words: ['decide'], load: async () => (await import('./decide.ts')).addDecide },
  { words: ['observe'], load: async () => (await import('./observe.ts')).addObserve },
  { words: ['guard'], load: async () => (await import('./guard.ts')).addGuard },
  { words: ['flags'], load: async () => (await import('./flags.ts')).addFlags },
  { words: ['breakers'], load: async () => (await import('./breakers.ts')).addBreakers },
  { words: ['caches'], load: async () => (await import('./caches.ts')).addCaches },
  { words: ['services'], load: async () => (await import('./services.ts')).addServices },
  { words: ['incident'], load: async () => (await import('./incident.ts')).addIncident },
  { words: ['report'], load: async () => (await import('./report.ts')).addReport },
  { words: ['release'], load: async () => (await import('./release.ts')).addRelease },
  { words: ['check'], load: async () => (await import('./check.ts')).addCheck },
  { words: ['drill'], load: async () => (await import('./drill.ts')).addDrill },
];

/** Options of the program itself that have a value behind them. */
const WITH_VALUE = ['--config', '--environment', '-e'];

/**
 * The modules that a command line needs: one, where it begins with a command. Help, and whatever is
 * not understood, needs all of them, because it names them.
 */
export async function loadCommands(argv: readonly string[]): Promise<AddCommand[]> {
  const word = firstWord(argv);
  const found = MODULES.filter(({ words }) => word !== undefined && words.includes(word));
  return await Promise.all((found.length > 0 ? found : MODULES).map(({ load }) => load()));
}

/** The word that commander takes for the command; undefined when an option of its own comes first. */
function firstWord(argv: readonly string[]): string | undefined {
  for (let at = 0; at < argv.length; at += 1) {
    const part = argv[at] ?? '';
    if (WITH_VALUE.includes(part)) at += 1;
    else if (part !== '--json' && !/^(--(config|environment)=|-e.)/.test(part)) return part;
  }
  return undefined;
}
