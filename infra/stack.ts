/** Everything that one service needs on AWS in one environment. */
import { join } from 'node:path';
import {
  Aws,
  CfnOutput,
  Duration,
  RemovalPolicy,
  Stack,
  type StackProps,
  aws_cloudwatch as cloudwatch,
  aws_cloudwatch_actions as actions,
  aws_events as events,
  aws_events_targets as targets,
  aws_iam as iam,
  aws_lambda as lambda,
  aws_lambda_destinations as destinations,
  aws_lambda_event_sources as sources,
  aws_logs as logs,
  aws_sqs as sqs,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import {
  CALLERS,
  FUNCTION_VARIABLES,
  functionName,
  LIVE_ALIAS,
  queueName,
  type QueueName,
} from '../src/config/resource-names.ts';
import type { SelectedConfig } from '../src/config/select.ts';
import type { Scope } from '../src/model/scope.ts';
import { BUILT, type BuiltFunction, type Permission, permissionsOf } from './permissions.ts';
import { ruleAlarms } from './rule-alarms.ts';

export interface BackoutStackProps extends StackProps {
  config: SelectedConfig;
  /** Folder with one folder for each function: its bundle and backout.yml (infra/assets.ts). */
  assets: string;
  /** Where Redis and Postgres are; left out: they are reached from anywhere. */
  network?: { subnetIds: string[]; securityGroupIds: string[] };
}

/** What runs inside the network. on-alarm does not: it must act when the network does not. */
const INSIDE: readonly BuiltFunction[] = BUILT.filter((name) => name !== 'on-alarm');

/**
 * Seconds. on-alarm: 28 of patience while the parameter store is throttled, and the rest of its 5
 * (src/wiring/open-flags.ts). The clock is woken for a step at a time; its longest, assessing, has
 * 60 (make-clock-work.ts). The queues' functions have their caps for ten records.
 */
const TIMEOUTS: Record<BuiltFunction, number> = {
  'on-alarm': 40,
  'incident-clock': 120,
  'control-emergency': 10,
  messenger: 30,
  'journal-drain': 30,
  'release-guard': 50,
};
/** Visibility of a queue's messages: six times the function's timeout, as Lambda asks for. */
const VISIBILITY_FACTOR = 6;
/** Older events are not worth acting on (alarms.max_age), and Lambda drops them. */
const MOST_AGE = Duration.minutes(15);
/** The clock ends after a day (clock-settings.ts); a day more for what it does at its end. */
const CLOCK_DAYS = 2;

const LAMBDA_PERMISSION_FLAG =
  '@aws-cdk/aws-cloudwatch-actions:changeLambdaPermissionLogicalIdForLambdaAction';

export class BackoutStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { config, assets, network, ...props }: BackoutStackProps,
  ) {
    super(scope, id, props);
    // Several alarms may call one function: each gets a permission of its own.
    this.node.setContext(LAMBDA_PERMISSION_FLAG, true);
    const name = { service: config.service, environment: config.environment.name };
    const place = { partition: Aws.PARTITION, region: Aws.REGION, account: Aws.ACCOUNT_ID };
    const permissions = permissionsOf(config, place);
    const queues = {
      messages: this.makeQueue(name, 'messages'),
      journal: this.makeQueue(name, 'journal'),
    };
    const dead = this.makeDeadQueue('OnAlarmFailed');

    const make = (which: BuiltFunction): lambda.Function => {
      const made = new lambda.Function(this, pascal(which), {
        functionName: functionName(name, which),
        runtime: lambda.Runtime.NODEJS_24_X,
        architecture: lambda.Architecture.ARM_64,
        handler: `${which}.handler`,
        code: lambda.Code.fromAsset(join(assets, which)),
        // The smallest with a whole share of a processor at load time is dearer than it is worth.
        memorySize: 512,
        timeout: Duration.seconds(TIMEOUTS[which]),
        tracing: lambda.Tracing.ACTIVE,
        role: this.makeRole(which, permissions[which]),
        logGroup: new logs.LogGroup(this, `${pascal(which)}Log`, {
          retention: logs.RetentionDays.THREE_MONTHS,
          removalPolicy: RemovalPolicy.RETAIN,
        }),
        environment: {
          BACKOUT_ENVIRONMENT: name.environment,
          BACKOUT_SERVICE: name.service,
          ...(which === 'on-alarm'
            ? {
                [FUNCTION_VARIABLES.messages]: queues.messages.queueUrl,
                [FUNCTION_VARIABLES.journal]: queues.journal.queueUrl,
              }
            : {}),
        },
        ...(which === 'on-alarm'
          ? {
              // Two alarms at once must not wait for each other, whatever else the account runs.
              reservedConcurrentExecutions: 2,
              maxEventAge: MOST_AGE,
              retryAttempts: 2,
              onFailure: new destinations.SqsDestination(dead),
            }
          : {}),
        ...(which === 'incident-clock'
          ? {
              durableConfig: {
                executionTimeout: Duration.days(CLOCK_DAYS),
                retentionPeriod: Duration.days(30),
              },
            }
          : {}),
      });
      if (network !== undefined && INSIDE.includes(which)) {
        const { defaultChild: resource } = made.node;
        if (resource instanceof lambda.CfnFunction) resource.vpcConfig = network;
        made.role?.addManagedPolicy(
          iam.ManagedPolicy.fromAwsManagedPolicyName(
            'service-role/AWSLambdaVPCAccessExecutionRole',
          ),
        );
      }
      new cloudwatch.Alarm(this, `${pascal(which)}Errors`, {
        alarmName: `${functionName(name, which)}-errors`,
        metric: made.metricErrors({ period: Duration.minutes(1) }),
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      });
      return made;
    };
    const control = make('control-emergency');
    // Each caller has an alias of its own: it proves who calls.
    for (const caller of [LIVE_ALIAS, ...CALLERS]) control.addAlias(caller);
    make('incident-clock').addAlias(LIVE_ALIAS);
    const onAlarm = asFunction(make('on-alarm').addAlias(LIVE_ALIAS));
    const guard = asFunction(make('release-guard').addAlias(LIVE_ALIAS));

    for (const [which, queue] of [
      ['messenger', queues.messages],
      ['journal-drain', queues.journal],
    ] as const) {
      make(which)
        .addAlias(LIVE_ALIAS)
        .addEventSource(
          new sources.SqsEventSource(queue, { batchSize: 10, reportBatchItemFailures: true }),
        );
    }
    this.makeAlarms(config, onAlarm);
    new events.Rule(this, 'GuardSchedule', {
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [new targets.LambdaFunction(guard)],
    });
    new events.Rule(this, 'Findings', {
      eventPattern: { source: ['aws.guardduty'], detailType: ['GuardDuty Finding'] },
      targets: [
        new targets.LambdaFunction(onAlarm, {
          deadLetterQueue: dead,
          maxEventAge: MOST_AGE,
        }),
      ],
    });
    new CfnOutput(this, 'OnAlarmArn', { value: onAlarm.functionArn });
  }

  private makeRole(which: BuiltFunction, permissions: readonly Permission[]): iam.Role {
    const role = new iam.Role(this, `${pascal(which)}Role`, {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      managedPolicies: [
        'AWSLambdaBasicExecutionRole',
        ...(which === 'incident-clock' ? ['AWSLambdaBasicDurableExecutionRolePolicy'] : []),
      ].map((policy) => iam.ManagedPolicy.fromAwsManagedPolicyName(`service-role/${policy}`)),
    });
    for (const { effect, actions: all, resources, conditions } of permissions) {
      role.addToPolicy(
        new iam.PolicyStatement({
          effect: effect === 'Deny' ? iam.Effect.DENY : iam.Effect.ALLOW,
          actions: all,
          resources,
          ...(conditions === undefined ? {} : { conditions }),
        }),
      );
    }
    return role;
  }

  private makeDeadQueue(id: string): sqs.Queue {
    const queue = new sqs.Queue(this, id, {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    new cloudwatch.Alarm(this, `${id}Waiting`, {
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1) }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    return queue;
  }

  private makeQueue(name: Scope, which: QueueName): sqs.Queue {
    return new sqs.Queue(this, `${pascal(which)}Queue`, {
      queueName: queueName(name, which),
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      visibilityTimeout: Duration.seconds(VISIBILITY_FACTOR * TIMEOUTS['journal-drain']),
      deadLetterQueue: { queue: this.makeDeadQueue(`${pascal(which)}Failed`), maxReceiveCount: 20 },
    });
  }

  private makeAlarms(config: SelectedConfig, onAlarm: lambda.IAlias): void {
    for (const { rule, name, description, metrics, ...how } of ruleAlarms(config).alarms) {
      const period = Duration.seconds(how.periodSeconds);
      const parts: Record<string, cloudwatch.IMetric> = {};
      let last: cloudwatch.IMetric | undefined;
      for (const { id, expression, metric } of metrics) {
        last =
          metric === undefined
            ? new cloudwatch.MathExpression({
                expression: expression ?? '',
                usingMetrics: { ...parts },
                period,
              })
            : new cloudwatch.Metric({
                namespace: metric.namespace,
                metricName: metric.name,
                dimensionsMap: metric.dimensions,
                statistic: metric.stat,
                period,
              });
        parts[id] = last;
      }
      if (last === undefined) continue;
      const alarm = new cloudwatch.Alarm(this, `Rule${pascal(rule)}`, {
        alarmName: name,
        alarmDescription: description,
        metric: last,
        threshold: 1,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: how.periods,
        datapointsToAlarm: how.periods,
        treatMissingData:
          how.missing === 'breaching'
            ? cloudwatch.TreatMissingData.BREACHING
            : cloudwatch.TreatMissingData.MISSING,
      });
      alarm.addAlarmAction(new actions.LambdaAction(onAlarm));
    }
  }
}

/** The library's own types do not agree about a role that may be missing. */
function asFunction(alias: lambda.Alias): lambda.IAlias {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an Alias is an IAlias
  return alias as lambda.IAlias;
}

/** `on-alarm` → `OnAlarm`: how constructs are called. */
function pascal(name: string): string {
  return name.replaceAll(/(^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_all, _sign, first: string) =>
    first.toUpperCase(),
  );
}
