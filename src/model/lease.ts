import { type Scope, describeScope } from './scope.ts';

/** The resource that stands for a target: the same in plans, leases and fences. */
export function targetResource(scope: Scope, target: string): string {
  return `${describeScope(scope)}/target:${target}`;
}

/** How the resources of all targets of a service begin. */
export function targetPrefix(scope: Scope): string {
  return targetResource(scope, '');
}

/** The resource that stands for a program that something keeps running. */
export function serviceResource(scope: Scope, service: string): string {
  return `${describeScope(scope)}/service:${service}`;
}

/** The resource that stands for watching: one process looks whether held releases stay away. */
export function guardResource(scope: Scope): string {
  return `${describeScope(scope)}/guard`;
}

/**
 * The resource whose lease says when somebody looked last: it is extended to {@link LOOKED_MS} after
 * every look, always by the same holder, and nobody is ever kept out by it.
 */
export function guardLookResource(scope: Scope): string {
  return `${describeScope(scope)}/guard-look`;
}

/** How long a look is remembered, in milliseconds. */
export const LOOKED_MS = 3_600_000;

/**
 * Exclusive right to change a resource (a target or a database), for a while.
 *
 * The fence grows with every change of holder. A holder that slept past its expiry still believes
 * in its lease; whoever receives its next change compares fences and refuses the older one.
 */
export interface Lease {
  /** For example `storefront/production/target:web`. */
  resource: string;
  /** Who holds it, in words a person can act on: `user@host (pid 4711)`. */
  holder: string;
  fence: number;
  /** By the store's clock, ISO 8601 UTC. */
  expiresAt: string;
  incident: string;
}
