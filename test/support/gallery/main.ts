import { mountApp, mountFailure } from '../../../renderer/app/mount-app.ts';
import { createFakeCore, fakeJob } from '../fake-client.ts';

const params = new URLSearchParams(window.location.search);
const isEmpty = params.has('empty');
const core = createFakeCore({
  latency: Number(params.get('latency') ?? 5),
  ...(isEmpty && { models: { models: [] } }),
  datasets: isEmpty
    ? []
    : [
        { name: 'judged-pairs', pairs: 108_665 },
        { name: 'ten-million', pairs: 10_000_000 },
        { name: 'small', pairs: 40 },
      ],
});

if (!isEmpty) {
  core.putJob(fakeJob({ jobId: 'import-0', title: 'Import pairs-2026.jsonl' }));
  core.putJob(
    fakeJob({
      jobId: 'constitution-0',
      title: 'Constitution of judged-pairs',
      status: 'failed',
      finishedAt: new Date().toISOString(),
      error: {
        code: 'CONSTITUTION_NOT_APPLICABLE',
        message: 'There are no labelled pairs. Import labels first.',
      },
    }),
  );
  core.putJob(
    fakeJob({
      jobId: 'audit-0',
      title: 'Audit of judged-pairs',
      status: 'succeeded',
      finishedAt: new Date().toISOString(),
    }),
  );
}

const failed = params.get('failure');
if (failed)
  mountFailure({ code: failed, message: 'Close all windows and start again.', isRetryable: false }, '#app');
else {
  mountApp(
    {
      client: core.client,
      host: {
        capabilities: { canPickFiles: params.has('desktop'), canRevealFiles: false, canPrintPdf: false },
        openFiles: async () => ['/data/pairs.jsonl'],
        saveFile: async () => true,
        revealFile: async () => {},
        printPdf: async () => false,
      },
      onStateChange: (listener) => {
        if (params.has('lost')) listener('reconnecting');
        return () => {};
      },
    },
    {
      protocol: 1,
      version: '0.1.0',
      workspace: { path: '/home/me/demo.assay', name: 'demo', bytes: 412_000_000 },
      endpoints: [],
      notices: [],
    },
    '#app',
  );
}
