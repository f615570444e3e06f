import type { Router } from 'vue-router';
import { createRouter, createWebHashHistory } from 'vue-router';
import { features } from './feature-table.ts';

/** Hash history: the page is served from one address, whichever shell serves it. */
export function createAppRouter(): Router {
  return createRouter({
    history: createWebHashHistory(),
    routes: [...features.flatMap((feature) => feature.routes), { path: '/:rest(.*)*', redirect: '/' }],
  });
}
