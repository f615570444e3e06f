import type { Feature } from '../../app/feature.ts';

export const sqlFeature: Feature = {
  id: 'sql',
  titleKey: 'nav.sql',
  icon: 'sql',
  home: 'sql',
  needsDataset: false,
  keys: 'g s',
  routes: [{ path: '/sql', name: 'sql', component: () => import('./SqlPage.vue') }],
};
