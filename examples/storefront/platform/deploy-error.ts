/**
 * Why a deployment was not made. `temporary`: the same call may work later. `fenced`: somebody with
 * a newer lease was here, the caller must stop. `failed`: it will not work without a change.
 */
export class DeployError extends Error {
  readonly reason: 'temporary' | 'fenced' | 'failed';

  constructor(reason: DeployError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DeployError';
    this.reason = reason;
  }
}

/** HTTP status by reason, on the way between the supervisor and deploy.ts. */
export const STATUS_OF_REASON = { temporary: 503, fenced: 409, failed: 422 } as const;

/** The way back; a status that we did not send counts as `failed`. */
export function reasonOfStatus(status: number): DeployError['reason'] {
  if (status === STATUS_OF_REASON.temporary) return 'temporary';
  return status === STATUS_OF_REASON.fenced ? 'fenced' : 'failed';
}
