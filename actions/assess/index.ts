import { readEnvironment } from '../../src/config/environment.ts';
import { asDocument, survey } from '../../src/operations/survey.ts';
import { buildDeployments } from '../../src/wiring/build-deployments.ts';
import { buildMigrations } from '../../src/wiring/build-migrations.ts';
import { surveyOptions } from '../../src/wiring/survey-options.ts';
import { runStep } from '../common/run-step.ts';
import { renderSurvey } from './page.ts';

await runStep(readEnvironment().variables, {
  need: 'assess',
  buildMigrations,
  buildDeployments,
  async work({ config, ports }) {
    const found = await survey(ports, surveyOptions(config));
    const { live, knownGood, recommended, problems } = found;
    const level = recommended.level === undefined ? '' : `${recommended.level}. `;
    return {
      said: [`Recommended: ${level}${recommended.why}`, ...problems].join('\n'),
      outputs: {
        live: live ?? '',
        last_known_good: knownGood.release?.tag ?? '',
        recommended_level: recommended.level ?? '',
        recommended_command: recommended.command ?? '',
        complete: String(problems.length === 0),
        json: JSON.stringify(asDocument(found)),
      },
      // What is not known is told; whoever needs all of it looks at `complete`.
      ok: true,
      page: renderSurvey(found, {
        ...ports.scope,
        candidates: config.releases.candidates,
      }),
    };
  },
});
