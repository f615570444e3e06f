import type { Feature } from '../../app/feature.ts';

export const exportFeature: Feature = {
  id: 'export',
  titleKey: 'exports.title',
  icon: 'full',
  home: 'export',
  needsDataset: true,
  keys: 'g e',
  routes: [{ path: '/d/:dataset(\\d+)/export', name: 'export', component: () => import('./ExportPage.vue') }],
};
