import { error, notice, setOutput, setSecret, summary } from '@actions/core';
import { readEnvironment } from '../../src/config/environment.ts';
import { inert } from '../common/log.ts';
import { whatHappened } from '../common/refusal.ts';
import { runAction } from './run-action.ts';
import { headline, renderSummary } from './summary.ts';

const report = await runAction(readEnvironment().variables, {
  log: (text) => process.stdout.write(`${inert(text)}\n`),
  mask: setSecret,
});

const { done, error: refusal } = report;
const plan = done?.kind === 'executed' ? done.result.execution.plan : done?.plan;
const outcome =
  done === undefined
    ? (refusal?.kind ?? 'failed')
    : done.kind === 'planned'
      ? 'planned'
      : done.result.execution.outcome;

setOutput('outcome', outcome);
setOutput('code', refusal?.code ?? '');
setOutput('incident', done?.kind === 'executed' ? done.result.incident : '');
setOutput('plan', plan?.hash ?? '');
setOutput('from', plan?.from ?? '');
setOutput('to', plan?.to ?? '');
setOutput('postmortem', done?.kind === 'executed' ? (done.result.postmortem ?? '') : '');
setOutput(
  'within_budget_ms',
  done?.kind === 'executed' ? (done.result.execution.within_budget_ms ?? '') : '',
);

if (refusal !== undefined) {
  const say = refusal.code === 'E_ALREADY_LIVE' ? notice : error;
  const { state, remedy, code } = refusal;
  const lines = [...whatHappened(refusal), `State: ${state}`, `Do: ${remedy}`];
  say(inert(lines.join('\n')), { title: code });
} else if (done?.kind === 'executed') {
  const say = outcome === 'done' ? notice : error;
  const { problems } = done.result;
  say(inert([headline(done.result), ...problems].join('\n')), { title: `Backout: ${outcome}` });
}

// Where there is no page for it, the log and the outputs have said it all.
await summary
  .addRaw(renderSummary(report), true)
  .write()
  .catch(() => undefined);

// Being where one was asked to go is no failure.
const isFine = ['done', 'planned'].includes(outcome) || refusal?.code === 'E_ALREADY_LIVE';
process.exitCode = isFine ? 0 : 1;
