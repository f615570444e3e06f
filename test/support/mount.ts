import { mount } from '@vue/test-utils';
import type { VueWrapper } from '@vue/test-utils';
import { createPinia } from 'pinia';
import type { Component } from 'vue';
import { h } from 'vue';
import { createRouter, createMemoryHistory } from 'vue-router';
import { createDatasetList, datasetListKey } from '../../renderer/app/dataset-list.ts';
import { createMessages } from '../../renderer/app/i18n.ts';
import { createJobFeed, jobFeedKey } from '../../renderer/app/job-feed.ts';
import { features } from '../../renderer/app/feature-table.ts';
import { clientKey } from '../../renderer/rpc/client.ts';
import type { FakeCore } from './fake-client.ts';
import { createFakeCore } from './fake-client.ts';

/** What jsdom lacks and the page needs: sizes that never change, and a scheme that is light. */
function installBrowserParts(): void {
  globalThis.ResizeObserver ??= class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };
  if ('matchMedia' in window && typeof Reflect.get(window, 'matchMedia') === 'function') return;
  const light = (media: string) => ({
    matches: false,
    media,
    addEventListener: () => {},
    removeEventListener: () => {},
  });
  Object.defineProperty(window, 'matchMedia', { configurable: true, value: light });
}

export interface Mounted {
  readonly wrapper: Pick<VueWrapper, 'find' | 'findAll' | 'get' | 'unmount'>;
  readonly core: FakeCore;
  readonly router: ReturnType<typeof createRouter>;
}

/** Mounts a component with everything the app provides, over a fake core, at an address. */
export async function mountWithApp(
  component: Component,
  options: { props?: Record<string, unknown>; at?: string; core?: FakeCore } = {},
): Promise<Mounted> {
  installBrowserParts();
  localStorage.clear();
  const core = options.core ?? createFakeCore({ datasets: [{ name: 'pairs', pairs: 500 }] });
  const router = createRouter({ history: createMemoryHistory(), routes: features.flatMap((f) => f.routes) });
  const list = createDatasetList(core.client);
  await list.refresh();
  await router.push(options.at ?? '/');
  const wrapper = mount(() => h(component, options.props), {
    attachTo: document.body,
    global: {
      plugins: [createPinia(), createMessages(), router],
      provide: {
        [clientKey as symbol]: core.client,
        [datasetListKey as symbol]: list,
        [jobFeedKey as symbol]: createJobFeed(core.client),
      },
    },
  });
  return { wrapper, core, router };
}

/** Waits until `find` gives something, at most `milliseconds`. */
export async function until<T>(find: () => T | undefined | false | null, milliseconds = 4_000): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const found = find();
    if (found) return found;
    if (Date.now() > deadline) throw new Error('What was waited for did not come.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
