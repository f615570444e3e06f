import type { Feature } from '../../app/feature.ts';

export const datasetsFeature: Feature = {
  id: 'datasets',
  titleKey: 'nav.datasets',
  icon: 'datasets',
  home: 'datasets',
  needsDataset: false,
  keys: 'g d',
  routes: [
    { path: '/', name: 'datasets', component: () => import('./DatasetsPage.vue') },
    { path: '/d/:dataset(\\d+)', name: 'dataset', component: () => import('./DatasetPage.vue') },
  ],
};

export const browseFeature: Feature = {
  id: 'browse',
  titleKey: 'nav.browse',
  icon: 'corpus',
  home: 'browse',
  needsDataset: true,
  keys: 'g c',
  routes: [{ path: '/d/:dataset(\\d+)/browse', name: 'browse', component: () => import('./BrowsePage.vue') }],
};
