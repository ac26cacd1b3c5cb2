import { resolve } from 'node:path';
import { openFileFlags } from '../adapters/file/flags.ts';
import { patientEngage } from '../adapters/aws/patient-flags.ts';
import type { ParameterProblem } from '../adapters/aws/ssm-retry.ts';
import type { FlagEditor, FlagStore } from '../ports/flags.ts';
import { connectParameters } from './parameter-store.ts';
import type { Stores, StoresContext } from './stores.ts';

/** For an emergency that has seconds, in milliseconds: one call, from silence, while throttled. */
const HASTY = { call: 1_000, unanswered: 2_000, throttled: 26_000 };
/** Its put and the reading back together, from silence (fault table: SSM 2 s). */
const SILENCE_MS = 2_000;
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
      let heardAt: number | undefined;
      const hear = (problem: ParameterProblem): void => {
        if (problem === 'throttled') heardAt = clock.now();
      };
      const how = hasty ? { patience: HASTY, onPause: hear } : {};
      const calls = await connectParameters(config, connect, how);
      const { flags: store } = openParameterFlags(calls, config, clock);
      const flags = { ...onlySafe(store), readsBack: true, patienceMs: PATIENCE_MS } as const;
      if (!hasty) return { flags, editor: store };
      const patience = { clock, silenceMs: SILENCE_MS, lastHeard: () => heardAt };
      return { flags: { ...flags, engage: patientEngage(store, patience) }, editor: store };
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
