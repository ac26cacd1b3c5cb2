import { readEnvironment } from '../../src/config/environment.ts';
import { gateDeployment } from '../../src/operations/gate-deployment.ts';
import { requireInput } from '../common/require-input.ts';
import { runStep } from '../common/run-step.ts';

await runStep(readEnvironment().variables, {
  need: 'assess',
  async work({ ports }, { input }) {
    const tag = requireInput('tag', input('tag'));
    await gateDeployment(ports, tag);
    const said = `${tag} may be deployed: it is not held, and no rollback runs.`;
    return { said, outputs: { allowed: 'true' }, ok: true };
  },
});
