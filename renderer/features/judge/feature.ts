import type { Feature } from '../../app/feature.ts';

export const judgeFeature: Feature = {
  id: 'judge',
  titleKey: 'judge.title',
  icon: 'judge',
  home: 'judge',
  needsDataset: true,
  keys: 'g u',
  routes: [{ path: '/d/:dataset(\\d+)/judge', name: 'judge', component: () => import('./JudgePage.vue') }],
};
