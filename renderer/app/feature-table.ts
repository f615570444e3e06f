import { annotateFeature, packFeature, teamFeature } from '../features/annotate/feature.ts';
import { auditFeature } from '../features/audit/feature.ts';
import { constitutionFeature } from '../features/constitution/feature.ts';
import { browseFeature, datasetsFeature } from '../features/corpus/feature.ts';
import { curateFeature } from '../features/curate/feature.ts';
import { datasheetFeature } from '../features/datasheet/feature.ts';
import { editingFeature } from '../features/editing/feature.ts';
import { exportFeature } from '../features/export/feature.ts';
import { importFeature } from '../features/import/feature.ts';
import { jobsFeature } from '../features/jobs/feature.ts';
import { judgeFeature } from '../features/judge/feature.ts';
import { modelsFeature } from '../features/models/feature.ts';
import { reportsFeature } from '../features/reports/feature.ts';
import { sqlFeature } from '../features/sql/feature.ts';
import type { Feature } from './feature.ts';

/** Every screen, in the order of the navigation. A feature registers itself by its entry here. */
export const features: readonly Feature[] = [
  datasetsFeature,
  browseFeature,
  editingFeature,
  sqlFeature,
  constitutionFeature,
  auditFeature,
  judgeFeature,
  annotateFeature,
  curateFeature,
  datasheetFeature,
  reportsFeature,
  modelsFeature,
  importFeature,
  packFeature,
  teamFeature,
  exportFeature,
  jobsFeature,
];
