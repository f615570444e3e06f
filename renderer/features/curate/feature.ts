import type { Feature } from '../../app/feature.ts';

export const curateFeature: Feature = {
  id: 'curate',
  titleKey: 'curate.title',
  icon: 'filter',
  home: 'curate',
  needsDataset: true,
  keys: 'g f',
  routes: [{ path: '/d/:dataset(\\d+)/curate', name: 'curate', component: () => import('./CuratePage.vue') }],
};
