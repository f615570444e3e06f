import type { Feature } from '../../app/feature.ts';

export const annotateFeature: Feature = {
  id: 'annotate',
  titleKey: 'annotate.nav',
  icon: 'check',
  home: 'annotate',
  needsDataset: true,
  keys: 'g n',
  routes: [
    {
      path: '/d/:dataset(\\d+)/annotate',
      name: 'annotate',
      component: () => import('./ProjectsPage.vue'),
    },
    {
      path: '/d/:dataset(\\d+)/annotate/:project(\\d+)',
      name: 'annotate-desk',
      component: () => import('./AnnotatePage.vue'),
    },
    {
      path: '/d/:dataset(\\d+)/annotate/:project(\\d+)/agreement',
      name: 'annotate-agreement',
      component: () => import('./AgreementPage.vue'),
    },
  ],
};
