import { browseFeature, datasetsFeature } from '../features/corpus/feature.ts';
import { importFeature } from '../features/import/feature.ts';
import { jobsFeature } from '../features/jobs/feature.ts';
import type { Feature } from './feature.ts';

/** Every screen, in the order of the navigation. A feature registers itself by its entry here. */
export const features: readonly Feature[] = [datasetsFeature, browseFeature, importFeature, jobsFeature];
