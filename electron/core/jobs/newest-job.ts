/**
 * SQL for the id of the newest job of a type whose spec names a run, in a query over the table that has `run` as its
 * column; null where no job worked on it. Both names are ours, never input.
 */
export function newestJob(
  type: string,
  { spec, run }: { readonly spec: string; readonly run: string },
): string {
  return `(SELECT arg_max(job.job_id, (job.created_at, job.job_id)) FROM job
    WHERE job.type = '${type}' AND (job.spec ->> '$.${spec}')::INTEGER = ${run})`;
}
