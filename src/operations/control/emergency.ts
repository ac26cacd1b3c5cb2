import type { Scope } from '../../model/scope.ts';
import type { Breakers, TripRequest } from '../../ports/breakers.ts';

/** What control-emergency may use: it is handed nothing that could lift, reset, close or deploy. */
export interface EmergencyPorts {
  scope: Scope;
  breakers: Pick<Breakers, 'read' | 'trip' | 'instances'>;
}

/** An operation of control-emergency with its input, parsed. */
export type EmergencyCall =
  | { operation: 'breakers.read' }
  | { operation: 'instances' }
  | { operation: 'breakers.trip'; input: TripRequest };

/**
 * Does what another function of ours asks for.
 * @param caller who is proven to call, in front of who that says it acts for
 */
export async function runEmergency(
  { breakers }: EmergencyPorts,
  call: EmergencyCall,
  caller: string,
): Promise<unknown> {
  switch (call.operation) {
    case 'breakers.read':
      return await breakers.read();
    case 'instances':
      return await breakers.instances();
    case 'breakers.trip': {
      const by = `${caller}: ${call.input.by}`;
      const { override } = call.input;
      const named = override === undefined ? {} : { override: { ...override, by } };
      return await breakers.trip({ ...call.input, ...named, by });
    }
    default:
      return call satisfies never;
  }
}
