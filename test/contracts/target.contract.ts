import { describe, expect, it } from 'vitest';
import type { DeployGuard, ReleaseRef, Target } from '../../src/ports/target.ts';

export interface TargetFixture extends AsyncDisposable {
  target: Target;
  /** Makes a release deployable. */
  publish(release: ReleaseRef): Promise<void>;
  /** Tags of the changes that were really made, as an outside witness saw them. */
  changes(): string[];
  /** From now on a deploy takes for ever and changes nothing, unless it is stopped. */
  makeSlow(): Promise<void>;
}

const OLD: ReleaseRef = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
const NEW: ReleaseRef = { tag: 'v1.2.0', commit: 'b2'.repeat(20) };

function guard(fence: number, signal = new AbortController().signal): DeployGuard {
  return { fence, incident: 'incident1', signal };
}

/** With both releases deployable. */
async function makeWithReleases(make: () => Promise<TargetFixture>): Promise<TargetFixture> {
  const fixture = await make();
  for (const release of [OLD, NEW]) await fixture.publish(release);
  return fixture;
}

/** What every Target does, run on each of them. */
export function targetContract(name: string, make: () => Promise<TargetFixture>): void {
  describe(`Target: ${name}`, () => {
    const { signal } = new AbortController();
    it('proves before anything is touched that a release can be deployed', async () => {
      await using fixture = await make();
      await fixture.publish(OLD);
      await expect(fixture.target.preflight(OLD)).resolves.toBeUndefined();
      await expect(fixture.target.preflight(NEW)).rejects.toMatchObject({
        code: 'E_ARTEFACT_MISSING',
        kind: 'refused',
      });
      expect(fixture.changes()).toEqual([]);
    });

    it('cannot tell what is live as long as nothing is', async () => {
      await using fixture = await make();
      expect(await fixture.target.current(signal)).toMatchObject({ known: false });
    });

    it('makes a release live and reads it back', async () => {
      await using fixture = await makeWithReleases(make);
      await fixture.target.apply(NEW, guard(1));
      await fixture.target.apply(OLD, guard(1));
      expect(await fixture.target.current(signal)).toMatchObject({ known: true, ...OLD });
      expect(fixture.changes()).toEqual([NEW.tag, OLD.tag]);
    });

    it('changes nothing when the release is live already', async () => {
      await using fixture = await makeWithReleases(make);
      await fixture.target.apply(OLD, guard(1));
      await fixture.target.apply(OLD, guard(1));
      await fixture.target.apply(OLD, guard(2));
      expect(fixture.changes()).toEqual([OLD.tag]);
    });

    it('deploys again when the tag was moved to another commit', async () => {
      await using fixture = await makeWithReleases(make);
      const moved = { tag: OLD.tag, commit: NEW.commit };
      await fixture.target.apply(OLD, guard(1));
      await fixture.publish(moved);
      await fixture.target.apply(moved, guard(1));
      expect(fixture.changes()).toEqual([OLD.tag, OLD.tag]);
    });

    it('refuses a holder that was overtaken, and changes nothing', async () => {
      await using fixture = await makeWithReleases(make);
      await fixture.target.apply(OLD, guard(7));
      await expect(fixture.target.apply(NEW, guard(6))).rejects.toMatchObject({
        code: 'E_FENCED',
        kind: 'refused',
      });
      expect(await fixture.target.current(signal)).toMatchObject({ known: true, tag: OLD.tag });
      expect(fixture.changes()).toEqual([OLD.tag]);
    });

    it('remembers a holder that found nothing to do', async () => {
      await using fixture = await makeWithReleases(make);
      await fixture.target.apply(OLD, guard(1));
      await fixture.target.apply(OLD, guard(9));
      await expect(fixture.target.apply(NEW, guard(8))).rejects.toMatchObject({ code: 'E_FENCED' });
    });

    it('stops when its time is over, and calls the outcome uncertain', async () => {
      await using fixture = await makeWithReleases(make);
      await fixture.target.apply(OLD, guard(1));
      await fixture.makeSlow();
      const abort = new AbortController();
      const applying = fixture.target.apply(NEW, guard(1, abort.signal));
      abort.abort(new Error('the cap of the step is over'));
      await expect(applying).rejects.toMatchObject({ code: 'E_DEPLOY' });
      expect(await fixture.target.current(signal)).toMatchObject({ known: true, tag: OLD.tag });
      expect(fixture.changes()).toEqual([OLD.tag]);
    });
  });
}
