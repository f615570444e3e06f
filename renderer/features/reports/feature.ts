import type { Feature } from '../../app/feature.ts';

export const reportsFeature: Feature = {
  id: 'reports',
  titleKey: 'nav.reports',
  icon: 'report',
  home: 'reports',
  needsDataset: false,
  keys: 'g r',
  routes: [{ path: '/reports/:report?', name: 'reports', component: () => import('./ReportsPage.vue') }],
};
