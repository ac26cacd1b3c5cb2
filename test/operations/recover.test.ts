import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/model/verdict.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import { tripBreakers } from '../../src/operations/trip-breakers.ts';
import type { Check } from '../../src/ports/checks.ts';
import { REQUEST, type Site, unreachable } from '../support/memory-ports.ts';
import {
  failingJournal,
  historyOf,
  PROVIDERS,
  recover,
  safeSite,
  statesOf,
  WATCH,
} from './recovery-support.ts';

/** A metric that is asked several times before it is judged. */
const slow = ({ clock }: Site, verdict: Verdict): Check => ({
  name: 'error-rate',
  stages: ['now'],
  async run({ signal }) {
    await clock.sleep(180_000, signal);
    const at = new Date(clock.now()).toISOString();
    return { check: 'error-rate', verdict, reason: '21 %', duration_ms: 180_000, at };
  },
});

describe('the recovery of the breakers', () => {
  it('lets calls through one provider after the other, each watched half open before it closes', async () => {
    const site = await safeSite();
    const history = historyOf(site);
    const began = site.clock.now();
    const result = await recover(site);
    expect(result).toMatchObject({ outcome: 'done', closed: PROVIDERS, left: [], problems: [] });
    expect(history).toEqual([
      'mailer half-open',
      'mailer closed',
      'stripe half-open',
      'stripe closed',
    ]);
    expect(site.clock.now() - began).toBeGreaterThanOrEqual(2 * WATCH);
    // The flags are another step, and a person's.
    const { overrides } = await site.ports.flags.read();
    expect(overrides.map(({ mode }) => mode)).toEqual(['safe']);
    const told = site.messenger.sent.filter(({ code }) => code === 'recovery-step');
    expect(told.map(({ facts }) => facts.step?.now)).toEqual([
      'trying mailer, 60 s',
      'trying stripe, 60 s',
    ]);
  });

  it.each(['failed', 'inconclusive', 'error'] as const)(
    'opens again what a check finds %s, and stops there',
    async (verdict) => {
      const site = await safeSite();
      const history = historyOf(site);
      const began = site.clock.now();
      site.verdict = () => (site.clock.now() - began > WATCH / 2 ? verdict : 'passed');
      const result = await recover(site);
      expect(result).toMatchObject({ outcome: 'stopped', closed: [] });
      expect(result.problems.join()).toMatch(/mailer was opened again.*health: Told to be/);
      expect(history).toEqual(['mailer half-open', 'mailer open']);
      expect(await statesOf(site)).toEqual({ mailer: 'open', stripe: 'open' });
    },
  );

  it('opens again when nothing is measured, or nothing comes back from the checks', async () => {
    for (const checks of [
      [],
      [{ name: 'x', stages: ['now'], run: () => new Promise<never>(() => undefined) }],
    ]) {
      const site = await safeSite();
      const result = await recover(site, {}, { checks });
      expect(result).toMatchObject({ outcome: 'stopped', closed: [] });
      expect(await statesOf(site)).toEqual({ mailer: 'open', stripe: 'open' });
    }
  });

  describe('with a metric that takes three minutes to judge', () => {
    it('waits for its answer, and closes what it finds good', async () => {
      const site = await safeSite();
      const facts = { ...site.ports.facts, checksMs: 4 * 180_000 };
      const result = await recover(site, {}, { facts, checks: [slow(site, 'passed')] });
      expect(result).toMatchObject({ outcome: 'done', closed: PROVIDERS, problems: [] });
    });

    it('opens again what it finds bad, with the reason that it gives', async () => {
      const site = await safeSite();
      const facts = { ...site.ports.facts, checksMs: 4 * 180_000 };
      const result = await recover(site, {}, { facts, checks: [slow(site, 'failed')] });
      expect(result.problems.join()).toContain('error-rate: 21 %');
      expect(await statesOf(site)).toEqual({ mailer: 'open', stripe: 'open' });
    });

    it('still ends, and opens again, when it never answers', async () => {
      const site = await safeSite();
      const facts = { ...site.ports.facts, checksMs: 4 * 180_000 };
      const silent: Check = { ...slow(site, 'passed'), run: () => new Promise(() => undefined) };
      const began = site.clock.now();
      const result = await recover(site, {}, { facts, checks: [silent] });
      expect(result).toMatchObject({ outcome: 'stopped', closed: [] });
      expect(site.clock.now() - began).toBeLessThan(5 * 180_000);
      expect(await statesOf(site)).toEqual({ mailer: 'open', stripe: 'open' });
    });
  });

  it('leaves alone what a person holds open, unless it was named', async () => {
    const site = await safeSite();
    const { ports, incident } = site;
    await tripBreakers(ports, {
      ...REQUEST,
      reason: 'fraud',
      incident,
      providers: ['stripe'],
      isolate: true,
    });
    const result = await recover(site);
    expect(result).toMatchObject({
      outcome: 'done',
      closed: ['mailer'],
      left: [{ provider: 'stripe', why: 'held open by kim: fraud' }],
    });
    expect(await statesOf(site)).toEqual({ mailer: 'closed', stripe: 'isolated' });
    const named = await recover(site, { releaseIsolated: true });
    expect(named.closed).toEqual(['stripe']);
  });

  it('has nothing to do where everything is closed', async () => {
    const site = await safeSite();
    await recover(site);
    const history = historyOf(site);
    expect(await recover(site)).toEqual({ outcome: 'done', closed: [], left: [], problems: [] });
    expect(history).toEqual([]);
  });

  it.each<[string, (site: Site) => Promise<unknown>]>([
    ['an emergency', (site) => makeSafe(site.ports, { ...REQUEST, reason: 'it is back' })],
    [
      'an emergency under another incident',
      (site) => makeSafe(site.ports, { ...REQUEST, incident: 'incident9' }),
    ],
    ['a Redis that restarted empty', async (site) => site.breakers.restartEmpty()],
  ])('ends at once when something newer comes: %s', async (_, newer) => {
    const site = await safeSite();
    let come = false;
    site.verdict = async (): Promise<Verdict> => {
      if (!come) {
        come = true;
        await newer(site);
      }
      return 'passed';
    };
    const result = await recover(site);
    expect(result).toMatchObject({ outcome: 'stopped', closed: [] });
    expect(result.problems.join()).toContain('newer');
    // Nothing of ours is put over it.
    expect(Object.values(await statesOf(site))).not.toContain('half-open');
    expect(Object.values(await statesOf(site))).not.toContain('closed');
  });

  it.each(['down', 'spool'] as const)('does not begin when the journal is %s', async (how) => {
    const site = await safeSite();
    const history = historyOf(site);
    const journal = failingJournal(site, 1, how);
    await expect(recover(site, {}, { journal })).rejects.toMatchObject({
      code: how === 'spool' ? 'E_JOURNAL_NEEDED' : 'E_DOWN',
    });
    expect(history).toEqual([]);
  });

  it.each(['down', 'spool', 'hanging'] as const)(
    'opens again, journal or not, when the journal is %s before it could close',
    async (how) => {
      const site = await safeSite();
      if (how === 'hanging') site.verdict = 'failed';
      const journal = failingJournal(site, 2, how);
      const result = await recover(site, {}, { journal });
      expect(result).toMatchObject({ outcome: 'stopped', closed: [] });
      expect(await statesOf(site)).toEqual({ mailer: 'open', stripe: 'open' });
    },
  );

  it('says so when it cannot even open again', async () => {
    const site = await safeSite();
    const { breakers } = site.ports;
    let sets = 0;
    const failing = {
      ...breakers,
      set: (...given: Parameters<typeof breakers.set>) => {
        sets += 1;
        return sets > 1 ? Promise.reject(unreachable()) : breakers.set(...given);
      },
    };
    site.verdict = 'failed';
    await expect(recover(site, {}, { breakers: failing })).rejects.toMatchObject({
      code: 'E_DOWN',
    });
  });
});
