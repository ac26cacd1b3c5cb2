import { resolve } from 'node:path';
import { openFileFlags } from '../adapters/file/flags.ts';
import type { FlagEditor, FlagStore } from '../ports/flags.ts';
import { connectParameters } from './parameter-store.ts';
import type { Stores, StoresContext } from './stores.ts';

/**
 * For an emergency that has seconds, in milliseconds: a put and its reading back get 0.8 s each from
 * silence, so that both stay under 2 s. Whoever is told to come back later goes on (ssm-retry.ts).
 */
const HASTY = { call: 800, unanswered: 800, throttled: 26_000 };
/** What making safe waits for such a put at most: it, and its reading back. */
const PATIENCE_MS = 28_000;

/** The flags, where the configuration keeps them. */
export async function openFlags(context: StoresContext): Promise<Pick<Stores, 'flags' | 'editor'>> {
  const { config, scope, stateDirectory } = context;
  const { state } = config.environment;
  switch (state.kind) {
    case 'embedded': {
      const files = openFileFlags({ directory: resolve(stateDirectory, 'flags'), scope });
      return { flags: onlySafe(files), editor: files };
    }
    case 'aws': {
      const { openParameterFlags } = await import('./open-parameters.ts');
      const { options, clock, ids, resources } = context;
      const hasty = options.journalMode === 'spool-first';
      const connect = { variables: options.variables, clock, ids, resources };
      const calls = await connectParameters(config, connect, hasty ? HASTY : undefined);
      const { flags } = openParameterFlags(calls, config, clock);
      const patience = { readsBack: true, patienceMs: PATIENCE_MS } as const;
      return { flags: { ...onlySafe(flags), ...patience }, editor: flags };
    }
    default:
      return state satisfies never;
  }
}

/** An emergency can only make safe: it is handed nothing that could lift or edit. */
function onlySafe(store: FlagStore & FlagEditor): FlagStore {
  return {
    read: () => store.read(),
    overrides: () => store.overrides(),
    engage: (override) => store.engage(override),
  };
}
