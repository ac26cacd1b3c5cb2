import { memoryTarget } from '../../src/adapters/memory/target.ts';
import { place } from '../adapters/command/place-fixture.ts';
import { targetContract } from './target.contract.ts';

targetContract('command', async () => {
  const fixture = await place();
  return {
    target: fixture.target,
    publish: fixture.publish,
    changes: () =>
      fixture
        .log()
        .flatMap((line) => (line.startsWith('change ') ? [line.split(' ')[1] ?? ''] : [])),
    makeSlow: () => fixture.behave('hang'),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
});

targetContract('memory', () => {
  const target = memoryTarget();
  return Promise.resolve({
    target,
    publish: (release) => Promise.resolve(target.publish(release)),
    changes: () => target.effects.map(({ tag }) => tag),
    makeSlow() {
      target.beforeChange = (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
