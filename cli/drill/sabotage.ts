import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackoutError } from '../../src/model/error.ts';
import type { Observe } from '../../src/model/progress.ts';
import type { Scene } from './scene.ts';

interface Sabotage {
  what: string;
  /** `at-step` ones are synchronous: they are over before the step is applied. */
  when: 'before-emergency' | 'before-rollback' | 'at-step';
  break: (scene: Scene) => void | Promise<void>;
}

const KNOWN_GOOD = 'v1.1.0';
const deleteArtefact = ({ artifacts }: Scene): void =>
  rmSync(join(artifacts, KNOWN_GOOD), { recursive: true });

/** The steps that can be made to fail, by really breaking what they need. */
const SABOTAGE: Readonly<Record<string, Sabotage>> = {
  'engage-override': {
    what: 'the folder of the overrides is replaced by a file',
    when: 'before-emergency',
    break({ overridesDirectory }) {
      if (existsSync(overridesDirectory)) {
        renameSync(overridesDirectory, `${overridesDirectory}.away`);
      }
      writeFileSync(overridesDirectory, 'not a folder\n');
    },
  },
  'trip-breakers': {
    what: 'Redis is stopped',
    when: 'before-emergency',
    break: async ({ redis }) => redis.stop(),
  },
  'preflight:web': {
    what: 'the artefact of the last known good release is gone',
    when: 'before-rollback',
    break: deleteArtefact,
  },
  'deploy:web': {
    what: 'the artefact disappears after it was checked',
    when: 'at-step',
    break: deleteArtefact,
  },
  'validate:now': {
    what: 'the service dies right after the rollback',
    when: 'at-step',
    break: ({ killService }) => killService(),
  },
};

/** The steps that can be made to fail, and what is broken for it. */
export function failingSteps(): { name: string; what: string }[] {
  return Object.entries(SABOTAGE).map(([name, { what }]) => ({ name, what }));
}

/** @throws BackoutError E_FAIL_AT when no such step can be made to fail */
export function checkFailAt(step: string | undefined): void {
  if (step === undefined || Object.hasOwn(SABOTAGE, step)) return;
  const known = failingSteps().map(({ name, what }) => `${name} (${what})`);
  throw new BackoutError({
    code: 'E_FAIL_AT',
    kind: 'usage',
    message: `The drill cannot make the step ${JSON.stringify(step)} fail.`,
    remedy: `Name one of: ${known.join(', ')}.`,
  });
}

/** What is going to be broken, in words; undefined when nothing is. */
export function describeSabotage(step: string | undefined): string | undefined {
  return step === undefined ? undefined : SABOTAGE[step]?.what;
}

/** Whether something is broken in the middle of a step, so that the step has to run in our process. */
export function isAtStep(step: string | undefined): boolean {
  return step !== undefined && SABOTAGE[step]?.when === 'at-step';
}

/** Breaks what `step` needs, if this is its time. */
export async function sabotage(
  scene: Scene,
  step: string | undefined,
  when: 'before-emergency' | 'before-rollback',
): Promise<void> {
  const chosen = step === undefined ? undefined : SABOTAGE[step];
  if (chosen?.when === when) await chosen.break(scene);
}

/** Breaks what `step` needs in the moment in which it is about to be applied. */
export function sabotageAtStep(
  scene: () => Scene,
  step: string | undefined,
  observe: Observe,
): Observe {
  const chosen = step === undefined ? undefined : SABOTAGE[step];
  return (event) => {
    observe(event);
    if (chosen?.when !== 'at-step') return;
    if (event.type === 'step-intended' && event.step.id === step) void chosen.break(scene());
  };
}
