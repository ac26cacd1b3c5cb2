import type { Message } from '../../src/model/message.ts';

/** A message as the catalogue would make it. */
export function messageWith(more: Partial<Message> = {}): Message {
  return {
    code: 'rollback-started',
    key: 'incident1/rollback-started',
    severity: 'warning',
    title: 'ROLLBACK: storefront production goes back to v1.1.0',
    lines: ['Reason: error rate 21 %.', 'Next: deploy.'],
    facts: {
      service: 'storefront',
      environment: 'production',
      incident: 'incident1',
      at: '2025-01-12T03:00:00.000Z',
      reason: 'error rate 21 %',
      by: 'kim',
    },
    ...more,
  };
}
