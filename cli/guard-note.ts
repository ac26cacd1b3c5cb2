import { type GuardState, readGuard } from '../src/operations/guard-state.ts';
import type { CommandContext } from './context.ts';
import { describeGuard } from './render/guard.ts';
import { labelled } from './render/text.ts';

/** Whether somebody watches that held releases stay away, as data and as a line. */
export async function guardNote({
  service: { ports },
  again,
}: CommandContext): Promise<{ guard: GuardState; line: string }> {
  const guard = await readGuard(ports);
  return { guard, line: labelled('Guard', describeGuard(guard, ports.clock.now(), again)) };
}
