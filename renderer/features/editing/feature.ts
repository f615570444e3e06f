import type { Feature } from '../../app/feature.ts';

export const editingFeature: Feature = {
  id: 'editing',
  titleKey: 'editing.history',
  icon: 'time',
  home: 'history',
  needsDataset: true,
  keys: 'g y',
  routes: [
    { path: '/d/:dataset(\\d+)/history', name: 'history', component: () => import('./HistoryPage.vue') },
  ],
};
