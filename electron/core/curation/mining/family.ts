import type { StepFamily } from '../../../contract/curation.contract.ts';

/** Group of the catalogue that mining steps stand in. */
export const miningFamily: StepFamily = 'mine';
