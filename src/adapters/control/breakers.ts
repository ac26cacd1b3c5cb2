/** Circuit breakers behind a control function, for whoever cannot reach Redis. */
import * as z from 'zod';
import { parseBreaker } from '../../model/breaker-documents.ts';
import { BackoutError } from '../../model/error.ts';
import { parseOverride } from '../../model/flag-documents.ts';
import type { Override } from '../../model/flags.ts';
import type { BreakerSnapshot, Breakers } from '../../ports/breakers.ts';
import { controlError, type EmergencyOperation, type InputOf } from './envelope.ts';

/** Calls one operation of a control function. @throws BackoutError */
export type CallControl = <Operation extends EmergencyOperation>(
  operation: Operation,
  input: InputOf<Operation>,
) => Promise<unknown>;

const epoch = z.object({ generation: z.string(), counter: z.number() });
const snapshot = z.object({
  epoch,
  states: z.record(z.string(), z.unknown()),
  overrides: z.array(z.looseObject({ incident: z.string(), mode: z.string() })),
});
const instances = z.array(
  z.object({
    id: z.string(),
    applied: epoch.optional(),
    heartbeat: z.string(),
    release: z.exactOptional(z.string()),
    flags: z.exactOptional(z.record(z.string(), z.string())),
  }),
);

const notHere = (what: string) => (): Promise<never> =>
  Promise.reject(
    new BackoutError({
      code: 'E_NOT_ON_LIST',
      kind: 'refused',
      message: `${what} is not on the list of control-emergency.`,
      state: 'Nothing was changed.',
      remedy: 'Recovering is for a named person: `backout breakers reset`.',
    }),
  );

/** What an emergency may do with them; the rest is refused here already. */
export function controlBreakers(call: CallControl): Breakers {
  return {
    async read(): Promise<BreakerSnapshot> {
      const found = read(snapshot, await call('breakers.read', {}));
      return {
        epoch: found.epoch,
        states: Object.fromEntries(
          Object.entries(found.states).map(([provider, state]) => [
            provider,
            parseBreaker(JSON.stringify(state)),
          ]),
        ),
        overrides: found.overrides.map(({ incident, ...document }): Override =>
          document.mode === 'unreadable'
            ? { mode: 'unreadable', incident, problem: 'The mirror cannot be read.' }
            : parseOverride(incident, JSON.stringify(document)),
        ),
      };
    },
    trip: async ({ override, ...rest }) =>
      read(
        epoch,
        await call('breakers.trip', { ...rest, ...(override === undefined ? {} : { override }) }),
      ),
    async instances() {
      return read(instances, await call('instances', {})).map(({ applied, ...rest }) => ({
        ...rest,
        applied,
      }));
    },
    set: notHere('Setting a circuit breaker'),
    announce: notHere('Announcing an override alone'),
  };
}

function read<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw controlError('what it answers is not what was asked for');
}
