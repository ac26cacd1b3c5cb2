import type { Command } from 'commander';
import type { Runner } from '../program.ts';

export function addDrill(_program: Command, _run: Runner): void {}
