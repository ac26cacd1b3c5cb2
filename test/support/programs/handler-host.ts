/** The platform's part of a function: loads its module, then gives one answer for each event. */

import { pathToFileURL } from 'node:url';

const [, , module = ''] = process.argv;
const { handler } = (await import(pathToFileURL(module).href)) as {
  handler: (event: unknown) => Promise<unknown>;
};
process.on('message', (event) => {
  handler(event).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
