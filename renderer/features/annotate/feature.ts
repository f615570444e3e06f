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
    {
      path: '/d/:dataset(\\d+)/annotate/:project(\\d+)/packs',
      name: 'annotate-packs',
      component: () => import('./packs/HandOffPage.vue'),
    },
  ],
};

/** Opening a pack needs no dataset: it brings its own. */
export const packFeature: Feature = {
  id: 'packs',
  titleKey: 'packs.nav',
  icon: 'folder',
  home: 'open-pack',
  isBeside: true,
  needsDataset: false,
  keys: 'g o',
  routes: [{ path: '/packs', name: 'open-pack', component: () => import('./packs/OpenPackPage.vue') }],
};

/** A team brings its own projects too. */
export const teamFeature: Feature = {
  id: 'team',
  titleKey: 'team.nav',
  icon: 'people',
  home: 'team',
  isBeside: true,
  needsDataset: false,
  keys: 'g t',
  routes: [{ path: '/team', name: 'team', component: () => import('./TeamPage.vue') }],
};
