import { describe, expect, it } from 'vitest';
import { newMemory } from '../../src/operations/guard-situation.ts';
import { C, down, hanging } from '../support/memory-ports.ts';
import { codesOf } from './complaint-support.ts';
import { deployByHand, linesOf, look, monthOf, notesOf, openRolledBack } from './guard-support.ts';

describe('a crash or a lost channel', () => {
  it('between the journal and the message is made good by the next look', async () => {
    const { site, incident } = await openRolledBack();
    await deployByHand(site, C);
    // As a process leaves it that ends right after the entry.
    await look(site, newMemory(), { messengers: [] });
    expect(codesOf(site)).toEqual([]);
    expect(await notesOf(site, incident)).toContain('back');
    await look(site);
    await look(site);
    expect(codesOf(site)).toEqual(['held-release-back']);
    expect((await notesOf(site, incident)).filter((one) => one === 'back')).toHaveLength(1);
  });

  it('that nobody was reached by is tried again, and ten times at most', async () => {
    const { site } = await openRolledBack();
    await deployByHand(site, C);
    site.messenger.behave('refusing');
    const problems: string[] = [];
    for (let looks = 0; looks < 12; looks += 1) problems.push(...(await look(site)).problems);
    expect(problems.filter((one) => one.startsWith('Message to chat'))).toHaveLength(10);
    expect(problems.at(-1)).toMatch(/^Nobody could be told/);
  });

  it('tried again arrives when the channel is back', async () => {
    const { site } = await openRolledBack();
    await deployByHand(site, C);
    site.messenger.behave('refusing');
    await look(site);
    site.messenger.behave('well');
    await look(site);
    await look(site);
    expect(codesOf(site)).toEqual(['held-release-back']);
  });
});

describe('what cannot be read', () => {
  it('is unknown, told after three looks in a row, and once when it is over', async () => {
    const { site } = await openRolledBack();
    const memory = newMemory();
    site.target.problem = 'no answer';
    for (const told of [0, 0, 1, 1, 1]) {
      const { verdict, findings } = await look(site, memory);
      expect({ verdict, kinds: findings[0]?.kind }).toEqual({
        verdict: 'inconclusive',
        kinds: 'unreadable',
      });
      expect(codesOf(site)).toHaveLength(told);
    }
    site.target.problem = undefined;
    for (let looks = 0; looks < 3; looks += 1) await look(site, memory);
    expect(codesOf(site)).toEqual(['guard-blind', 'guard-sees']);
    expect(await notesOf(site, monthOf(site))).toEqual(['guard-blind', 'guard-sees']);
    expect(linesOf(site)).toContain('web cannot tell what is live: no answer.');
  });

  it('twice, and then again, is told to nobody', async () => {
    const { site } = await openRolledBack();
    const memory = newMemory();
    for (let round = 0; round < 4; round += 1) {
      site.target.problem = 'no answer';
      await look(site, memory);
      await look(site, memory);
      site.target.problem = undefined;
      await look(site, memory);
    }
    expect(codesOf(site)).toEqual([]);
  });

  it('does not end an occurrence: nobody knows whether it is gone', async () => {
    const { site } = await openRolledBack();
    await deployByHand(site, C);
    await look(site);
    site.target.problem = 'no answer';
    await look(site);
    site.target.problem = undefined;
    await look(site);
    expect(codesOf(site)).toEqual(['held-release-back']);
  });

  it('of the stores is no permission to say that all is well', async () => {
    const { site } = await openRolledBack();
    for (const name of ['releases', 'leases', 'journal'] as const) {
      for (const broken of [down, hanging]) {
        const more = { [name]: broken(site.ports[name]) };
        const { verdict, problems } = await look(site, newMemory(), more);
        expect({ name, verdict }).toEqual({ name, verdict: 'inconclusive' });
        expect(problems.join()).toMatch(/cannot be read/);
      }
    }
  });

  it('of the record is judged by the record of the last look, in the same process', async () => {
    const { site } = await openRolledBack();
    const memory = newMemory();
    await look(site, memory);
    await deployByHand(site, C);
    const away = {
      releases: down(site.ports.releases),
      journal: down(site.ports.journal),
      leases: down(site.ports.leases),
    };
    const { findings } = await look(site, memory, away);
    expect(findings).toMatchObject([{ kind: 'held-release-back', target: 'web' }]);
    await look(site, memory, away);
    // People are told although nothing can be written down, and the stores that are away as well.
    await look(site, memory, away);
    expect(codesOf(site)).toEqual(['held-release-back', 'guard-blind']);
    await look(site, memory);
    await look(site, memory);
    expect(codesOf(site)).toEqual(['held-release-back', 'guard-blind', 'guard-sees']);
  });
});
