/** The columns that make a release record. */
export const releaseColumns =
  'tag, commit, status, deployed_at, hold_reason, hold_incident, hold_by, hold_at, details';
