import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { parameterProblems, readingBudgets } from '../../src/config/parameter-budget.ts';

function configOf(state: string, rest = '') {
  const text = `service: shop
environments:
  production:
    account: "123456789012"
    regions: [eu-central-1]
    state: { kind: aws${state} }
${rest}`;
  return parseConfig(text, { file: 'backout.yml' }).config;
}

function singles(count: number): string {
  const flags = Array.from(
    { length: count },
    (_, at) => `      flag${at}: { default: true, safe: false }`,
  );
  return `flags:
  groups:
    old:
     layout: parameter-per-flag
     parameter_path: /shop/flags
     flags:
${flags.join('\n')}
`;
}

describe('Services that are made safe together', () => {
  it.each([
    ['', 0],
    [', services_sharing: 90', 0],
    [', services_sharing: 91', 1],
    [', services_sharing: 200, parameter_throughput: high', 0],
    [', services_sharing: 300, parameter_throughput: high', 0],
    [', services_sharing: 301, parameter_throughput: high', 1],
  ])('with state "%s" have %i problems', (state, problems) => {
    expect(parameterProblems(configOf(state))).toHaveLength(problems);
  });

  it('that are too many for the setting are told which one is enough', () => {
    expect(parameterProblems(configOf(', services_sharing: 200'))).toMatchObject([
      {
        path: 'environments.production.state.services_sharing',
        message: expect.stringContaining(
          '67 s at 3 per second, and level flags has 30 s',
        ) as unknown,
        remedy: expect.stringContaining('parameter_throughput: high: then it is 20 s') as unknown,
      },
    ]);
  });

  it('that are too many for any setting are told how many are not', () => {
    const [problem] = parameterProblems(
      configOf(', services_sharing: 900, parameter_throughput: high'),
    );
    expect(problem?.remedy).toMatch(/at most 300 in each/);
    expect(problem?.remedy).not.toContain('Enable');
  });

  it('are measured with the budget that the configuration gives', () => {
    const config = configOf(', services_sharing: 200', 'budgets: { flags: 70s }\n');
    expect(parameterProblems(config)).toEqual([]);
  });
});

describe('Flags with a parameter each', () => {
  it('that fit are no problem', () => {
    expect(parameterProblems(configOf('', singles(89)))).toEqual([]);
  });

  it('that do not fit are told what does', () => {
    const [problem] = parameterProblems(configOf('', singles(100)));
    expect(problem).toMatchObject({
      path: 'flags.groups.old.layout',
      message: expect.stringContaining('writes 101 parameters: 34 s') as unknown,
    });
    expect(problem?.remedy).toMatch(/then it is 11 s.*Or write layout: document/);
  });
});

describe('Applications that read', () => {
  it('see a change as soon as they want while the account allows it', () => {
    expect(readingBudgets(configOf(', hosts: 70'))).toEqual([
      {
        environment: 'production',
        hosts: 70,
        calls_per_second: expect.closeTo(70 * (1 / 2 + 1 / 60)) as unknown,
        allowed_per_second: 40,
        wanted_seconds: 2,
        actual_seconds: 2,
      },
    ]);
  });

  it('see it later when they are too many', () => {
    const [standard] = readingBudgets(configOf(', hosts: 155'));
    expect(standard?.actual_seconds).toBeCloseTo(4, 1);
    const [high] = readingBudgets(configOf(', hosts: 155, parameter_throughput: high'));
    expect(high).toMatchObject({ actual_seconds: 2, allowed_per_second: 100 });
  });

  it('take more calls the more parameters the flags are kept in', () => {
    const flags = Array.from(
      { length: 2_000 },
      (_, at) => `      some_feature_flag_${at}: { default: true, safe: false }`,
    );
    const many = `flags:\n  groups:\n    features:\n     flags:\n${flags.join('\n')}\n`;
    const [few] = readingBudgets(configOf(''));
    const [more] = readingBudgets(configOf('', many));
    expect(more?.calls_per_second).toBeGreaterThan((few?.calls_per_second ?? 0) + 0.04);
  });
});
