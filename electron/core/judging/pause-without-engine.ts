import { isAppError } from '../../contract/app-error.ts';
import { JobPaused } from '../jobs/job-handler.ts';

/** Without an engine a run waits, with the reason, for the person to mend it and go on; any other failure stays one. */
export function pauseWithoutEngine(error: unknown): never {
  if (isAppError(error) && error.code === 'ENGINE_UNAVAILABLE') throw new JobPaused(error.message);
  throw error;
}
