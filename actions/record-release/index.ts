import { readEnvironment } from '../../src/config/environment.ts';
import { bakeRelease } from '../../src/operations/bake-release.ts';
import { recordRelease } from '../../src/operations/record-release.ts';
import {
  detailsOfConfig,
  readArtefacts,
  readSchemaVersion,
} from '../../src/wiring/release-details.ts';
import { requireInput } from '../common/require-input.ts';
import { runStep } from '../common/run-step.ts';
import { readSwitch } from '../common/switch.ts';

await runStep(readEnvironment().variables, {
  need: 'validate',
  async work({ ports, config }, { input, actor, log, interrupted }) {
    const tag = requireInput('tag', input('tag'));
    const bakes = readSwitch('bake', input('bake'));
    const lines = (input('artefacts') ?? '').split(/[\n,]/).map((line) => line.trim());
    const artefacts = lines.filter((line) => line !== '');
    const { release, problems } = await recordRelease(ports, tag, {
      ...detailsOfConfig(config, ports.facts.configHash),
      ...readArtefacts(artefacts, config.targets),
      ...readSchemaVersion(input('schema_version')),
      actor,
    });
    const recorded = `${tag} (${release.commit.slice(0, 10)}) is recorded as live since now.`;
    for (const problem of problems) log(problem);
    const outputs = { commit: release.commit, status: release.status };
    if (problems.length > 0 || !bakes) {
      return { said: [recorded, ...problems].join('\n'), outputs, ok: problems.length === 0 };
    }
    log(`${recorded} Watching it for ${ports.facts.bake.durationMs / 1000} s.`);
    const baked = await bakeRelease(ports, tag, {
      signal: interrupted,
      onRound: ({ number, result, leftMs }) =>
        log(`  Round ${number}: ${result.verdict}, ${Math.ceil(leftMs / 1000)} s left`),
    });
    const bad = baked.result.measurements.filter(({ verdict }) => verdict !== 'passed');
    const why = [
      ...bad.map(({ check, verdict, reason }) => `${check}: ${verdict}, ${reason}`),
      ...(baked.problem === undefined ? [] : [baked.problem]),
    ];
    const isGood = baked.status === 'good';
    const said = isGood
      ? `${tag} passed its bake and is marked good.`
      : [`${tag} is NOT proven good; nothing goes back to it by itself.`, ...why].join('\n');
    return { said, outputs: { ...outputs, status: baked.status }, ok: isGood };
  },
});
