/** The columns that make a journal entry, in the order of the model. */
export const entryColumns =
  'service, environment, incident, key, kind, at, actor, text, data, seq, previous, hash';
