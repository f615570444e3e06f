import { openSync, writeSync } from 'node:fs';
import pino from 'pino';
import { PrincipleConstitutionJob } from '../../../electron/core/constitution/principles/principle-constitution.job.ts';
import { JobService } from '../../../electron/core/jobs/job.service.ts';
import { openWorkspace } from '../../../electron/core/workspace/workspace.ts';
import { createPlantedVoter, readPrompt } from './planted-voter.ts';

/**
 * Goes on with a run of principle votes in a process of its own, which a test may kill: the words are the workspace, the run,
 * and a file that gets a line for each question before it is answered.
 */
async function vote([directory = '', run = '', log = '']: readonly string[]): Promise<void> {
  const file = openSync(log, 'a');
  let calls: { operation: string; input: string }[] = [];
  const voter = createPlantedVoter({
    beforeDecide: (input) => {
      const { question, principle } = readPrompt(input);
      // A write of the system, so that what was asked is known also after a kill.
      calls.length = 0;
      if (principle !== '') writeSync(file, `${question}\t${principle.trim()}\n`);
    },
  });
  // Emptied at each question: a long run must not keep every prompt in memory.
  calls = voter.calls as { operation: string; input: string }[];
  const workspace = await openWorkspace(directory);
  const jobs = new JobService(workspace.database, pino({ level: 'silent' }));
  jobs.register(new PrincipleConstitutionJob(workspace.database, { acquire: async () => voter }));
  const job = await jobs.wait(await jobs.start('principle-constitution', { principleRunId: Number(run) }));
  await jobs.close();
  await workspace.close();
  process.stdout.write(`${job.status} ${job.error?.message ?? ''}`);
}

await vote(process.argv.slice(2));
