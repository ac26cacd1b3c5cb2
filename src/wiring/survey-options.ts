import type { SelectedConfig } from '../config/select.ts';
import type { SurveyOptions } from '../operations/survey.ts';

/** What `backout.yml` says that an assessment needs besides the ports. */
export function surveyOptions({ rules, drills, repository }: SelectedConfig): SurveyOptions {
  return { rules, expires: drills, defaultBranch: repository.default_branch };
}
