import type { Feature } from '../../app/feature.ts';

export const constitutionFeature: Feature = {
  id: 'constitution',
  titleKey: 'nav.constitution',
  icon: 'constitution',
  home: 'constitution',
  needsDataset: true,
  keys: 'g p',
  routes: [
    {
      path: '/d/:dataset(\\d+)/constitution',
      name: 'constitution',
      component: () => import('./ConstitutionPage.vue'),
    },
  ],
};
