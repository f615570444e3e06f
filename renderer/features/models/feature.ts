import type { Feature } from '../../app/feature.ts';

export const modelsFeature: Feature = {
  id: 'models',
  titleKey: 'models.title',
  icon: 'model',
  home: 'models',
  needsDataset: false,
  keys: 'g m',
  routes: [
    { path: '/models', name: 'models', component: () => import('./ModelsPage.vue') },
    { path: '/models/:model', name: 'model', component: () => import('./ModelPage.vue') },
  ],
};
