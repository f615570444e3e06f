import type { Feature } from '../../app/feature.ts';

export const jobsFeature: Feature = {
  id: 'jobs',
  titleKey: 'nav.jobs',
  icon: 'jobs',
  home: 'jobs',
  needsDataset: false,
  keys: 'g j',
  routes: [{ path: '/jobs', name: 'jobs', component: () => import('./JobsPage.vue') }],
};
