/** What is rolled back, and where: the owner of every key, row and message. */
export interface Scope {
  service: string;
  environment: string;
}

/** `storefront/production`: the form people read, and the prefix of lease resources. */
export function describeScope(scope: Scope): string {
  return `${scope.service}/${scope.environment}`;
}
