import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filePostmortems } from '../../../src/adapters/file/postmortems.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'backout-postmortems-'));
});
afterEach(() => rm(parent, { recursive: true }));

const openedAt = '2026-11-23T06:00:00.000Z';
const store = () => filePostmortems(join(parent, 'drafts'));

describe('postmortem drafts in files', () => {
  test('are found by day and incident, and the newest draft replaces the one before', async () => {
    await store().publish('20261123-0600-k3f9a2b1', openedAt, 'first');
    const path = await store().publish('20261123-0600-k3f9a2b1', openedAt, 'second');

    expect(path).toBe(join(parent, 'drafts', '2026-11-23-20261123-0600-k3f9a2b1.md'));
    expect(await readFile(path, 'utf8')).toMatch(/^second\n<!-- backout: [0-9a-f]{64} -->\n$/);
    expect(await readdir(join(parent, 'drafts'))).toHaveLength(1);
  });

  test.each([
    ['added below', (text: string) => `${text}What we learned.\n`],
    ['changed within', (text: string) => text.replace('first', 'What we learned.')],
    ['left without our last line', () => 'What we learned.\n'],
  ])("keep a person's words: %s, and the next draft goes beside it", async (_, edit) => {
    const first = await store().publish('inc1', openedAt, 'first');
    const edited = edit(await readFile(first, 'utf8'));
    await writeFile(first, edited);

    const second = await store().publish('inc1', openedAt, 'second');
    expect(second).toBe(join(parent, 'drafts', '2026-11-23-inc1-2.md'));
    expect(await store().publish('inc1', openedAt, 'third')).toBe(second);
    expect(await readFile(second, 'utf8')).toMatch(/^third\n/);
    expect(await readFile(first, 'utf8')).toBe(edited);
  });

  test.each(['../../x', 'a/b', '', '.', 'a\0b', 'a\u001b[2Jb', 'i'.repeat(300)])(
    'never leave their folder: an incident called %j is refused',
    async (incident) => {
      await expect(store().publish(incident, openedAt, 'text')).rejects.toMatchObject({
        code: 'E_NAME',
        kind: 'usage',
        message: expect.not.stringContaining('\u001b') as unknown,
      });
      expect(await readdir(parent)).toEqual([]);
    },
  );

  test.each(['../../x', 'yesterday', ''])(
    'never leave their folder for a day that is none: %j',
    async (day) => {
      expect(await store().publish('inc1', day, 'text')).toBe(
        join(parent, 'drafts', 'undated-inc1.md'),
      );
    },
  );
});
