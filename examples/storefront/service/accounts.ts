import { type Handler, fieldOf } from './answer.ts';
import { runStatement } from './connections.ts';

const accounts = new Map<string, { email: string }>();

/** `POST /signup {"email"}`. The text message waits while its provider's breaker is open. */
export const signUp: Handler = async ({ snapshot, body, callProvider }) => {
  const email = fieldOf(body, 'email');
  if (typeof email !== 'string' || !email.includes('@')) {
    return { status: 400, body: { error: 'An email address is needed.' } };
  }
  await runStatement(() => accounts.set(email, { email }));
  const message = await callProvider(snapshot, 'twilio_sms');
  return { status: 201, body: { email, message: message === 'done' ? 'sent' : 'later' } };
};

/** `GET /profile`. Community and personal touches are what the storefront can do without. */
export const showProfile: Handler = async ({ snapshot, customer }) => {
  const personalized = snapshot.flag('personalization_enabled', false);
  const community = snapshot.flag('community_enabled', false);
  const greeting = personalized ? `Welcome back, ${customer}` : 'Welcome';
  return {
    status: 200,
    body: await runStatement(() => ({ customer, greeting, personalized, community })),
  };
};
