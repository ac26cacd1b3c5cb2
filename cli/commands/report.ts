import type { Command } from 'commander';
import { complaintRulesOf } from '../../src/config/select.ts';
import {
  checkComplaintText,
  checkReference,
  readComplaintTime,
} from '../../src/model/complaint-input.ts';
import { longestWindow } from '../../src/model/complaints.ts';
import { reportComplaint } from '../../src/operations/report-complaint.ts';
import { type GlobalOptions, withService } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { Runner } from '../program.ts';
import { renderComplaint } from '../render/complaint.ts';

interface ComplaintOptions extends GlobalOptions {
  id?: string;
  at?: string;
}

export function addReport(program: Command, run: Runner): void {
  const report = program.command('report').description('what people notice before the monitoring');
  report
    .command('complaint')
    .description('a user complains: count it, and call people when there are many')
    .argument('[text]', 'what the user says, at most 500 characters; stays in the journal')
    .option('--id <reference>', 'of its ticket: the same reference twice counts once')
    .option('--at <time>', 'when it was made, in UTC: 2026-11-23T03:12:00Z (default: now)')
    .action(run(complaint));
}

async function complaint(given: string | undefined, options: ComplaintOptions) {
  const text = checkComplaintText(given);
  const reference = checkReference(options.id);
  return await withService(options, { need: 'record' }, async (context) => {
    const { service, user, out, again } = context;
    const { ports, config } = service;
    const rules = complaintRulesOf(config);
    const at = readComplaintTime(options.at, ports.clock.now(), longestWindow(rules));
    const answer = await reportComplaint(ports, { actor: user, at, reference, text }, rules);
    const commander = answer.commander ?? config.messages.commander;
    out.result(answer, renderComplaint(answer, { reference, commander, again }));
    const isWhole = answer.decision !== undefined && answer.problems.length === 0;
    return isWhole ? EXIT.done : EXIT.uncertain;
  });
}
