import { type Handler, type Question, fieldOf } from './answer.ts';
import { catalogue } from './catalogue.ts';
import { runStatement } from './connections.ts';
import { formatCents, toCents } from './currency.ts';

interface Order {
  id: string;
  reading: string;
  total: string;
}

const orders = new Map<string, Order>();
let lastId = 0;

/** `GET /readings`: what can be ordered, and what others say about it. */
export const listReadings: Handler = async ({ snapshot }) => {
  const community = snapshot.flag('community_enabled', false);
  const readings = await runStatement(() => catalogue);
  return {
    status: 200,
    body: { readings, ...(community ? { comments: ['It was all true.'] } : {}) },
  };
};

/** `POST /orders {"reading", "quantity"}`. */
export const placeOrder: Handler = async (question) => {
  const wanted = fieldOf(question.body, 'reading');
  const quantity = fieldOf(question.body, 'quantity') ?? 1;
  const reading = catalogue.find((candidate) => candidate.id === wanted);
  if (reading === undefined || typeof quantity !== 'number' || !(quantity >= 1)) {
    return { status: 400, body: { error: 'A known reading and a quantity from 1 are needed.' } };
  }
  const total = formatCents(toCents(reading.price) * Math.floor(quantity));
  lastId += 1;
  const order = { id: String(lastId), reading: reading.id, total };
  await runStatement(() => orders.set(order.id, order));
  return { status: 201, body: { ...order, notified: await notify(question) } };
};

/** `GET /orders/:id`. */
export const showOrder: Handler = async ({ id }) => {
  const order = await runStatement(() => orders.get(id));
  if (order === undefined) return { status: 404, body: { error: `There is no order ${id}.` } };
  return { status: 200, body: { ...order } };
};

/** Customers whose name ends in an even digit have the other kind of telephone. */
async function notify({ snapshot, customer, callProvider }: Question): Promise<boolean> {
  if (!snapshot.flag('notifications_enabled', false)) return false;
  const provider = /[02468]$/.test(customer) ? 'apns' : 'fcm';
  return (await callProvider(snapshot, provider)) === 'done';
}
