import { expect, test } from 'vitest';
import { readStatus } from '../../../src/adapters/systemd/service.ts';

const shown = (lines: Record<string, string>): string =>
  Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
const loaded = { LoadState: 'loaded', InvocationID: '', MainPID: '0' };

// The states of systemd's own manual, systemctl(1) and org.freedesktop.systemd1(5).
test.each([
  [{ ...loaded, ActiveState: 'active', SubState: 'running' }, 'up', 'active (running)'],
  [{ ...loaded, ActiveState: 'active', SubState: 'exited' }, 'up', 'active (exited)'],
  [{ ...loaded, ActiveState: 'inactive', SubState: 'dead' }, 'down', 'inactive (dead)'],
  [{ ...loaded, ActiveState: 'failed', SubState: 'failed' }, 'down', 'failed (failed)'],
  [{ ...loaded, ActiveState: 'activating', SubState: 'auto-restart' }, 'down', 'auto-restart'],
  [{ ...loaded, ActiveState: 'deactivating', SubState: 'stop-sigterm' }, 'down', 'stop-sigterm'],
  [{ ...loaded, ActiveState: 'reloading', SubState: 'reload' }, 'down', 'reloading'],
  [{ LoadState: 'not-found', ActiveState: 'inactive', SubState: 'dead' }, 'down', 'no such unit'],
  [{ LoadState: 'masked', ActiveState: 'inactive', SubState: 'dead' }, 'down', 'masked'],
  [{ LoadState: 'loaded' }, 'unknown', 'did not say'],
])('%o is %s', (lines, state, detail) => {
  const status = readStatus('api.service', shown(lines));
  expect(status.state).toBe(state);
  expect(status.detail).toContain(detail);
});

test('Each start has a name of its own, by which a restart is told from no restart.', () => {
  const active = { LoadState: 'loaded', ActiveState: 'active', SubState: 'running' };
  const by = (more: Record<string, string>) => readStatus('api', shown({ ...active, ...more }));
  expect(by({ InvocationID: '6f1e', MainPID: '812' })).toMatchObject({ run: '6f1e' });
  expect(by({ InvocationID: '', MainPID: '812' })).toMatchObject({ run: '812' });
  expect(by({ InvocationID: '', MainPID: '0' })).not.toHaveProperty('run');
});
