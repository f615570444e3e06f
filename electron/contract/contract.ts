import type { ContractRouterClient } from '@orpc/contract';
import { annotationContract } from './annotation.contract.ts';
import { auditContract } from './audit.contract.ts';
import { constitutionContract } from './constitution.contract.ts';
import { corpusContract } from './corpus.contract.ts';
import { curationContract } from './curation.contract.ts';
import { editingContract } from './editing.contract.ts';
import { datasheetContract } from './datasheet.contract.ts';
import { exportContract } from './export.contract.ts';
import { importContract } from './import.contract.ts';
import { jobContract } from './job.contract.ts';
import { judgingContract } from './judging.contract.ts';
import { miningContract } from './mining.contract.ts';
import { modelContract } from './model.contract.ts';
import { packContract } from './pack.contract.ts';
import { rationaleContract } from './rationale.contract.ts';
import { reportContract } from './report.contract.ts';
import { sqlContract } from './sql.contract.ts';
import { systemContract } from './system.contract.ts';
import { teamContract } from './team.contract.ts';
import { tourContract } from './tour.contract.ts';

/** Every method of the core, as data: both ends are typed and validated from it. */
export const contract = {
  ...systemContract,
  ...corpusContract,
  ...importContract,
  ...editingContract,
  ...exportContract,
  ...jobContract,
  ...sqlContract,
  ...constitutionContract,
  ...auditContract,
  ...datasheetContract,
  ...reportContract,
  ...modelContract,
  ...judgingContract,
  ...rationaleContract,
  ...annotationContract,
  ...curationContract,
  ...miningContract,
  ...packContract,
  ...teamContract,
  ...tourContract,
};
export type Contract = typeof contract;

/** The typed client a page holds; the transport behind it does not matter. */
export type Client = ContractRouterClient<Contract>;
