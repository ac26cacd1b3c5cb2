import { expect, test } from 'vitest';
import type { ManagedService } from '../../src/ports/services.ts';

export interface ServiceUnderTest extends AsyncDisposable {
  service: ManagedService;
  /** Ends it, as a crash does. */
  crash(): Promise<void>;
  /** Makes that nobody can tell how it is. */
  hide(): Promise<void>;
  /** How often it was really started, as it says itself. */
  starts(): Promise<number>;
}

const signal = (): AbortSignal => new AbortController().signal;

/** What every service does. It is up when it is opened. */
export function serviceContract(open: () => Promise<ServiceUnderTest>): void {
  test('one that runs is up, one that crashed is down, and a restart brings it back', async () => {
    await using given = await open();
    const { service } = given;
    expect(await service.status(signal())).toMatchObject({ state: 'up' });
    await given.crash();
    expect(await service.status(signal())).toMatchObject({ state: 'down' });
    await service.restart(signal());
    expect(await service.status(signal())).toMatchObject({ state: 'up' });
  });

  test('a restart really starts it anew, each time that it is asked for', async () => {
    await using given = await open();
    const before = await given.starts();
    await given.service.restart(signal());
    await given.service.restart(signal());
    expect(await given.starts()).toBe(before + 2);
    expect(await given.service.status(signal())).toMatchObject({ state: 'up' });
  });

  test('one that nobody can see is unknown: neither up nor down', async () => {
    await using given = await open();
    await given.hide();
    const status = await given.service.status(signal());
    expect(status.state).toBe('unknown');
    expect(status.detail).not.toBe('');
  });
}
