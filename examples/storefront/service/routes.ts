import { showProfile, signUp } from './accounts.ts';
import type { Handler } from './answer.ts';
import { listReadings, placeOrder, showOrder } from './orders.ts';
import { validatePayment } from './payments.ts';

const routes: Record<string, Handler> = {
  'POST /signup': signUp,
  'GET /profile': showProfile,
  'GET /readings': listReadings,
  'POST /orders': placeOrder,
  'GET /orders/:id': showOrder,
  'POST /payments/validate': validatePayment,
};

/** The handler of a request and the id in its path; undefined when there is none. */
export function findRoute(
  method: string,
  path: string,
): { handler: Handler; id: string } | undefined {
  const [, id = ''] = /^\/orders\/([^/]+)$/.exec(path) ?? [];
  const handler = routes[`${method} ${id === '' ? path : '/orders/:id'}`];
  return handler === undefined ? undefined : { handler, id };
}
