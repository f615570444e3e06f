import { createPinia } from 'pinia';
import type { App } from 'vue';
import { createApp } from 'vue';
import type { Hello } from '../../electron/contract/system.contract.ts';
import type { Connection } from '../rpc/client.ts';
import { clientKey, hostKey } from '../rpc/client.ts';
import type { Failure } from '../rpc/failure.ts';
import '../ui/tokens.css';
import '../ui/base.css';
import '../ui/overlay.css';
import AppShell from './AppShell.vue';
import { createDatasetList, datasetListKey } from './dataset-list.ts';
import { createMessages } from './i18n.ts';
import { createJobFeed, jobFeedKey } from './job-feed.ts';
import { useOpenEndpoints } from './open-endpoints.ts';
import { createAppRouter } from './router.ts';
import { useShellStore } from './shell-store.ts';
import StartFailure from './StartFailure.vue';
import { workspaceKey } from './workspace.ts';

/** Mounts the whole page over an open connection. */
export function mountApp(connection: Connection, hello: Hello, target: string): App {
  const app = createApp(AppShell);
  const datasets = createDatasetList(connection.client);
  const jobs = createJobFeed(connection.client);
  app.use(createPinia()).use(createMessages()).use(createAppRouter());
  app.provide(clientKey, connection.client);
  app.provide(hostKey, connection.host);
  app.provide(datasetListKey, datasets);
  app.provide(jobFeedKey, jobs);
  app.provide(workspaceKey, hello);

  const shell = useShellStore();
  const endpoints = useOpenEndpoints();
  endpoints.begin(hello.endpoints);
  connection.onStateChange((state) => {
    const isBack = state === 'connected' && shell.connection !== 'connected';
    shell.connection = state;
    if (!isBack) return;
    void datasets.refresh();
    void connection.client.model.list().then(endpoints.take, () => undefined);
  });
  for (const notice of hello.notices) shell.notify(notice, true);
  jobs.onEnd((job) => {
    if (job.status === 'succeeded') void datasets.refresh();
  });
  jobs.start();
  void datasets.refresh();
  app.mount(target);
  return app;
}

/** Mounts a page that tells why there is no connection. */
export function mountFailure(failure: Failure, target: string): App {
  const app = createApp(StartFailure, { failure });
  app.use(createPinia()).use(createMessages());
  app.mount(target);
  return app;
}
