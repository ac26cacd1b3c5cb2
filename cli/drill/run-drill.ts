import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Traffic } from '../../examples/storefront/traffic.ts';
import { hasReached, parseEpoch } from '../../src/model/breaker.ts';
import { describeCause } from '../../src/model/error.ts';
import { effectiveFlags } from '../../src/model/flags.ts';
import { verifyChain } from '../../src/model/journal.ts';
import type { Observe } from '../../src/model/progress.ts';
import { type Clock, timestamp } from '../../src/ports/clock.ts';
import { closeIncident } from '../../src/operations/close-incident.ts';
import { requireIncident } from '../../src/operations/incidents.ts';
import { liftOverride } from '../../src/operations/lift-override.ts';
import { publishFlags } from '../../src/operations/publish-flags.ts';
import { recoverBreakers } from '../../src/operations/recover.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import type { OpenService } from '../../src/wiring/open-service.ts';
import { formatDuration } from '../render/time.ts';
import { alarmEvent } from './alarm-event.ts';
import { deployRelease } from './deploy-release.ts';
import { type DrillFacts, judgeDrill } from './judge-drill.ts';
import { type DrillEvent, type DrillReport, renderChart, renderMarkdown } from './report.ts';
import { describeSabotage, isAtStep, sabotage, sabotageAtStep } from './sabotage.ts';
import { type RunningFunction, startFunction } from './run-function.ts';
import { runAction } from './run-action.ts';
import { openScene, type Scene, type SceneOptions } from './scene.ts';
import { type RuleMet, sampleTraffic, watchRule } from './watch-rule.ts';

export interface DrillOptions extends Omit<SceneOptions, 'directory'> {
  name: string;
  /** `.backout/drill`: the reports go here, and the scene into a folder below it. */
  root: string;
  failAt: string | undefined;
  observe: Observe;
  clock: Clock;
}

/** How long the service is measured while it is good, in milliseconds. */
const CALM_MS = 2_000;
/** Much longer than the bad release needs to break the rule. */
const RULE_LIMIT_MS = 25_000;
const CHART_STEP_MS = 500;

/** Breaks the sample service with a bad release, and rolls it back. Never throws for what it finds. */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const drill = new Drill(options);
  return await drill.run();
}

class Drill {
  private readonly options: DrillOptions;
  private readonly startedAt: number;
  private readonly timeline: DrillEvent[] = [];
  private readonly facts: DrillFacts = {};
  private readonly problems: string[] = [];
  private incident: string | undefined;
  private errorRate: [number, number][] = [];
  private shortened: string[] = [];

  constructor(options: DrillOptions) {
    this.options = options;
    this.startedAt = options.clock.now();
  }

  async run(): Promise<DrillReport> {
    const { root, failAt, name, clock } = this.options;
    try {
      this.say('Building a service with a history, and starting it');
      await using scene = await openScene({ ...this.options, directory: join(root, 'scene') });
      this.shortened = scene.shortened;
      await this.play(scene);
    } catch (error) {
      this.problems.push(describeCause(error));
      this.say(`Stopped: ${describeCause(error)}`);
    }
    const rows = judgeDrill(this.facts);
    const report: DrillReport = {
      name,
      started_at: new Date(this.startedAt).toISOString(),
      duration_ms: clock.now() - this.startedAt,
      passed: rows.every(({ passed }) => passed) && this.problems.length === 0,
      ...(failAt === undefined ? {} : { fail_at: failAt }),
      ...(this.incident === undefined ? {} : { incident: this.incident }),
      rows,
      timeline: this.timeline,
      shortened: this.shortened,
      error_rate: this.errorRate,
      problems: this.problems,
    };
    await writeReport(root, report);
    return report;
  }

  private async play(scene: Scene): Promise<void> {
    const { failAt } = this.options;
    const observe = sabotageAtStep(() => scene, failAt, this.options.observe);
    const service = await scene.connect('journal-first', observe);
    // Loaded beforehand, as a platform keeps it; it connects when the first alarm arrives.
    await using alarms = await startFunction(
      'on-alarm',
      { ...scene.variables, BACKOUT_CONFIG: scene.configFile },
      // The answer as JSON comes back by itself.
      (line) => line.split('\n').forEach((part) => part.startsWith('{') || this.showLine(part)),
    );
    this.say(`The function for alarms is loaded (${alarms.loadedInMs.toFixed(0)} ms)`);
    await publishFlags(service.ports.editor, service.config.flags.groups);
    const before = await flagsNow(service);
    await this.makeHistory(scene, service);
    await using traffic = scene.startCustomers();
    try {
      await this.breakAndRollBack(scene, service, alarms, traffic);
      await this.recover(service, before);
    } finally {
      this.errorRate = this.chartPoints(traffic);
      await this.lookBack(scene, service);
    }
  }

  /** Two good releases, and one that was good and is held since. */
  private async makeHistory(scene: Scene, { ports }: OpenService): Promise<void> {
    for (const release of scene.releases.slice(0, -1)) {
      await deployRelease(ports, release, { bake: true });
      this.say(`Deployed ${release.tag}: good`);
    }
    const held = scene.releases.at(-2);
    if (held === undefined) return;
    const hold = { reason: 'rounds amounts wrongly', by: this.options.user };
    await ports.releases.hold(ports.scope, held.tag, { ...hold, at: timestamp(ports.clock) });
    this.say(`Held ${held.tag}: rounds amounts wrongly`);
  }

  private async breakAndRollBack(
    scene: Scene,
    service: OpenService,
    alarms: RunningFunction,
    traffic: Traffic,
  ): Promise<void> {
    const { failAt, clock } = this.options;
    const { ports, config } = service;
    await clock.sleep(CALM_MS);
    this.say(`Customers are here: ${percent(traffic.since(this.startedAt).error_rate)} errors`);
    const bad = scene.releases.at(-1);
    const rule = config.rules['critical-errors'];
    if (bad === undefined || rule === undefined) throw new Error('The sample has no bad release.');

    await deployRelease(ports, bad, { bake: false });
    this.mark(`Released ${bad.tag}, which is bad`);
    const badSince = clock.now();
    const met = await watchRule(traffic, rule, clock, RULE_LIMIT_MS);
    if (met === undefined) throw new Error('The rule critical-errors was never met.');
    this.facts.ruleMetAt = met.at;
    this.facts.errorRateBefore = sampleTraffic(traffic, badSince, met.at).value ?? 0;
    this.mark(`Rule critical-errors met: ${met.decision.reason}`);
    if (failAt !== undefined) this.say(`Breaking on purpose: ${describeSabotage(failAt) ?? ''}`);
    await sabotage(scene, failAt, 'before-emergency');

    await this.sendAlarm(service, alarms, traffic, met);
    await sabotage(scene, failAt, 'before-rollback');
    if (isAtStep(failAt)) await this.rollBackHere(service, met);
    else await this.rollBackByAction(scene);
    await this.readStages(service);
    this.mark(`Rollback: ${this.facts.rollback?.outcome ?? 'not reached'}`);
    const after = await this.errorRateSinceDeployment(service, traffic);
    if (after !== undefined) this.facts.errorRateAfter = after;
    if (this.facts.rollback?.outcome !== 'done') this.stopHere([]);
  }

  /** The alarm as the monitoring would send it, to the built function. */
  private async sendAlarm(
    service: OpenService,
    alarms: RunningFunction,
    traffic: Traffic,
    met: RuleMet,
  ): Promise<void> {
    const seen = this.watchForAcknowledgement(service, traffic);
    const answer = await alarms.invoke(alarmEvent(met, this.facts.errorRateBefore ?? 0));
    const { incident, outcome = answer.code, within_budget_ms: withinMs } = answer;
    if (incident !== undefined) this.incident = incident;
    this.facts.safe = { outcome, withinMs, budgetMs: answer.budget_ms ?? 0 };
    const acknowledgedAt = outcome === 'done' ? await seen : undefined;
    if (acknowledgedAt !== undefined) this.facts.acknowledgedAt = acknowledgedAt;
    this.mark(`Safe state: ${outcome}`);
    this.say(`Off: ${answer.still_off.join(', ')}`);
    if (outcome !== 'done') this.stopHere([answer.reason, ...answer.problems]);
  }

  /** The rollback as a person starts it in GitHub: the built Action, with inputs and files. */
  private async rollBackByAction(scene: Scene): Promise<void> {
    const { user } = this.options;
    this.mark('Rolling back with the Action');
    const { exitCode, outputs, summary, errors } = await runAction({
      action: 'rollback',
      inputs: {
        level: 'application',
        incident: this.incident ?? '',
        reason: 'The alarm for failed requests went off',
      },
      workspace: dirname(scene.configFile),
      directory: scene.directory,
      actor: user,
      variables: scene.variables,
      log: (line) => this.showLine(line),
    });
    await writeFile(join(this.options.root, 'summary.md'), summary);
    const within = Number(outputs['within_budget_ms'] || Number.NaN);
    this.facts.rollback = {
      outcome: outputs['outcome'] ?? 'nothing said',
      to: outputs['to'] ?? '',
      withinMs: Number.isNaN(within) ? undefined : within,
      budgetMs: 0,
      postmortem: outputs['postmortem'] ?? '',
    };
    this.problems.push(...errors);
    if (exitCode !== 0) this.stopHere([`The Action ended with exit code ${exitCode}.`]);
    if (!summary.includes('STILL OFF')) this.problems.push('The Action wrote no summary.');
  }

  /** Within this process: something is broken in the middle of a step, so we have to be in it. */
  private async rollBackHere({ ports }: OpenService, met: RuleMet): Promise<void> {
    const prepared = await prepareRollback(ports, 'application', undefined);
    this.mark(`Rolling back to ${prepared.plan.to ?? '?'}`);
    const { execution, postmortem, problems } = await rollBack(ports, prepared, {
      actor: this.options.user,
      rule: 'critical-errors',
      reason: met.decision.reason,
      ...(this.incident === undefined ? {} : { incident: this.incident }),
    });
    this.facts.rollback = {
      outcome: execution.outcome,
      to: execution.plan.to ?? '',
      withinMs: execution.within_budget_ms,
      budgetMs: execution.plan.budget_ms,
      postmortem: postmortem ?? '',
    };
    this.problems.push(...problems);
  }

  private async readStages({ ports }: OpenService): Promise<void> {
    const entries = await ports.journal.read(ports.scope, this.incident ?? '');
    const verdicts = entries.flatMap(({ kind, data }) => {
      const said = verdict.safeParse(data);
      return kind === 'verdict' && said.success ? [said.data] : [];
    });
    this.facts.stages = verdicts;
  }

  /** From the moment that the journal gives for the deployment: errors have to end with it. */
  private async errorRateSinceDeployment(
    { ports }: OpenService,
    traffic: Traffic,
  ): Promise<number | undefined> {
    const entries = await ports.journal.read(ports.scope, this.incident ?? '');
    const deployed = entries.find(
      ({ kind, data }) =>
        kind === 'outcome' && data['step'] === 'deploy:web' && data['outcome'] === 'done',
    );
    if (deployed === undefined) return undefined;
    const { clock } = this.options;
    return sampleTraffic(traffic, Date.parse(deployed.at), clock.now()).value ?? 1;
  }

  /** What a person would do now is printed; the drill itself goes no further. */
  private stopHere(problems: readonly string[]): never {
    this.problems.push(...problems);
    throw new Error('The rollback did not get to its end; what to do next stands above.');
  }

  /** When a customer's answer carries the state of the emergency: the request path uses it. */
  private async watchForAcknowledgement(
    { ports }: OpenService,
    traffic: Traffic,
  ): Promise<number | undefined> {
    const { epoch: before } = await ports.breakers.read().catch(() => ({ epoch: undefined }));
    if (before === undefined) return undefined;
    const wanted = { ...before, counter: before.counter + 1 };
    const record = await traffic
      .firstResponseWith(({ epoch }) => {
        const used = epoch === undefined ? undefined : parseEpoch(epoch);
        return used !== undefined && hasReached(used, wanted);
      })
      .catch(() => undefined);
    return record === undefined ? undefined : record.at + record.ms;
  }

  private async recover(service: OpenService, before: string): Promise<void> {
    const { ports, config } = service;
    const { user } = this.options;
    const incident = this.incident ?? '';
    const providers = Object.entries(config.breakers.providers);
    this.facts.recoveryOrder = providers.map(([name]) => name);
    const recovered = await recoverBreakers(ports, {
      incident,
      actor: user,
      releaseIsolated: false,
      providers: providers.map(([provider, { half_open_sample: sample, watch: watchMs }]) => ({
        provider,
        sample,
        watchMs,
      })),
    });
    this.facts.recovered = recovered.closed;
    this.problems.push(...recovered.problems);
    this.mark(`Breakers closed: ${recovered.closed.join(', ')}`);
    const lifted = await liftOverride(ports, {
      incident,
      person: user,
      reason: 'The drill is over and everything is measured',
      acknowledgeWithinMs: config.flags.acknowledge_within,
    });
    this.facts.stillOff = lifted.stillOff;
    this.facts.flagsAsBefore = (await flagsNow(service)) === before;
    this.mark(`Safe state lifted by ${user}`);
    const closing = { actor: user, reason: 'The drill is over' };
    await closeIncident(ports, await requireIncident(ports, incident), closing);
    this.say('Incident closed');
  }

  /** What can be told from outside, also after a failure. */
  private async lookBack(scene: Scene, { ports }: OpenService): Promise<void> {
    const { incident } = this;
    if (incident === undefined) return;
    const bad = scene.releases.at(-1)?.tag;
    const release = (await ports.releases.list(ports.scope)).find(({ tag }) => tag === bad);
    if (release !== undefined) {
      this.facts.bad = { held: release.hold !== undefined, status: release.status };
    }
    const chain = verifyChain(await ports.journal.read(ports.scope, incident));
    this.facts.chain = chain.intact ? chain : { intact: false, entries: chain.seq };
    this.facts.witnessed = await witnessedDeployments(scene.deploysLog, incident);
  }

  private chartPoints(traffic: Traffic): [number, number][] {
    const points: [number, number][] = [];
    for (let from = this.startedAt; from < this.options.clock.now(); from += CHART_STEP_MS) {
      const { value } = sampleTraffic(traffic, from, from + CHART_STEP_MS);
      if (value !== undefined) points.push([from - this.startedAt, Number(value.toFixed(4))]);
    }
    return points;
  }

  private say(text: string, mark = false): void {
    const at = this.options.clock.now() - this.startedAt;
    this.timeline.push({ at_ms: at, text, mark });
    this.options.out.line(`[${formatDuration(at).padStart(8)}] ${text}`);
  }

  private showLine(line: string): void {
    this.options.out.line(`             ${line}`);
  }

  /** What also stands as a line in the picture. */
  private mark(text: string): void {
    this.say(text, true);
  }
}

/** Effective values as one text, to compare before with after. */
async function flagsNow({ ports }: OpenService): Promise<string> {
  const flags = effectiveFlags(await ports.flags.read());
  return JSON.stringify(flags.map(({ name, value, source }) => ({ name, value, source })));
}

const verdict = z.object({ stage: z.string(), verdict: z.string() });

const deployment = z.object({
  tag: z.string(),
  incident: z.string(),
  noop: z.boolean().optional(),
});

/** The supervisor's own log: what really was deployed for our incident, in order. */
async function witnessedDeployments(file: string, incident: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines
    .map((line) => deployment.parse(JSON.parse(line)))
    .filter((entry) => entry.incident === incident && entry.noop !== true)
    .map(({ tag }) => tag);
}

async function writeReport(root: string, report: DrillReport): Promise<void> {
  await mkdir(root, { recursive: true });
  await writeFile(join(root, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(join(root, 'report.md'), renderMarkdown(report));
  await writeFile(join(root, 'error-rate.svg'), renderChart(report));
  const { name, started_at, passed, rows, fail_at } = report;
  const proof = { name, started_at, passed, rows, fail_at };
  await appendFile(join(root, 'history.jsonl'), `${JSON.stringify(proof)}\n`);
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
