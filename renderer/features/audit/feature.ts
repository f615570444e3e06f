import type { Feature } from '../../app/feature.ts';

export const auditFeature: Feature = {
  id: 'audit',
  titleKey: 'nav.audits',
  icon: 'audit',
  home: 'audits',
  needsDataset: true,
  keys: 'g a',
  routes: [{ path: '/d/:dataset(\\d+)/audits', name: 'audits', component: () => import('./AuditsPage.vue') }],
};
