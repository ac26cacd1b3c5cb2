/** The backout.yml of a site: production in miniature, with waits that a test can sit through. */

export interface SiteConfig {
  service: string;
  baseUrl: string;
  /** Folder in which place.ts keeps what is live. */
  state: string;
  /** Program and first argument that start place.ts. */
  place: string[];
  /** Longest time for one deployment. Default 20s. */
  deployTimeout?: string;
  /** Default 3s: short enough to wait for, long enough for a busy machine to renew it. */
  leaseTtl?: string;
  /** How long each provider is watched half open. Default 400ms. */
  watch?: string;
}

export const ENVIRONMENT = 'production';

/** The target `web`, below `targets:`; further settings of it may follow. */
export function webTarget(state: string, place: readonly string[]): string {
  const program = (...args: string[]): string => JSON.stringify([...place, ...args]);
  return `  web:
    kind: command
    preflight: ${program('preflight', state, '{tag}', '{commit}')}
    deploy: ${program('deploy', state, '{tag}', '{commit}')}
    current: ${program('current', state)}`;
}

export function siteConfig(config: SiteConfig): string {
  const { service, baseUrl, state, place } = config;
  return `
service: ${service}
environments:
  ${ENVIRONMENT}:
    base_url: ${baseUrl}
    automation: armed
    state: { kind: embedded, directory: .backout }
    journal: { url: 'env:SITE_JOURNAL_URL' }
    redis: { url: 'env:SITE_REDIS_URL' }
flags:
  acknowledge_within: 5s
  groups:
    features:
      flags:
        community: { default: true, safe: false }
        suggestions: { default: true, safe: false }
        checkout: { default: true, leave_alone: Nothing can be sold without it. }
    protection:
      flags:
        rate_limit: { default: false, safe: true }
breakers:
  watch: ${config.watch ?? '400ms'}
  providers:
    stripe: { recovery_order: 1 }
    twilio: { recovery_order: 2 }
targets:
${webTarget(state, place)}
    timeout: ${config.deployTimeout ?? '20s'}
checks:
  health: { kind: http, url: /health, timeout: 2s }
  flags: { kind: flags-safe }
  providers: { kind: breakers }
stages: { now: 0s, t+2: 200ms, t+10: 400ms }
bake: { duration: 400ms, every: 500ms }
lease: { ttl: ${config.leaseTtl ?? '3s'} }
`;
}
