import type { Feature } from '../../app/feature.ts';

export const datasheetFeature: Feature = {
  id: 'datasheet',
  titleKey: 'datasheet.nav',
  icon: 'datasheet',
  home: 'datasheet',
  needsDataset: true,
  keys: 'g h',
  routes: [
    {
      path: '/d/:dataset(\\d+)/datasheet',
      name: 'datasheet',
      component: () => import('./DatasheetPage.vue'),
    },
  ],
};
