/** What one look at a service says. */
export type ServiceStatus =
  /** `run` names the running process: another one after a restart. Left out where nobody tells. */
  | { state: 'up'; detail: string; run?: string }
  | { state: 'down'; detail: string }
  /** Nobody answered: neither up nor down. */
  | { state: 'unknown'; detail: string };

/** A program that something keeps running, such as a systemd unit. */
export interface ManagedService {
  readonly name: string;
  readonly kind: string;
  /** Never throws for "cannot tell": that is `unknown`. */
  status(signal: AbortSignal): Promise<ServiceStatus>;
  /** Stops it and starts it again. @throws BackoutError E_RESTART */
  restart(signal: AbortSignal): Promise<void>;
}
