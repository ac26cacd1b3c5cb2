import type { OpenOptions } from './open-service.ts';

/**
 * An emergency goes on with what can be had: a secret that is missing for a target, or for Redis,
 * must not keep the flags from being made safe. It is named by the step that needs it. Everybody
 * else is told at once.
 */
export function tolerant<T>(
  { journalMode }: Pick<OpenOptions, 'journalMode'>,
  otherwise: (why: unknown) => T,
  build: () => T,
): T {
  try {
    return build();
  } catch (error) {
    if (journalMode !== 'spool-first') throw error;
    return otherwise(error);
  }
}
