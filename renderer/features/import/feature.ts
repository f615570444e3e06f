import type { Feature } from '../../app/feature.ts';

export const importFeature: Feature = {
  id: 'import',
  titleKey: 'nav.import',
  icon: 'import',
  home: 'import',
  needsDataset: false,
  keys: 'g i',
  routes: [
    { path: '/import', name: 'import', component: () => import('./ImportPage.vue') },
    { path: '/d/:dataset(\\d+)/rejected', name: 'rejected', component: () => import('./RejectedPage.vue') },
  ],
};
