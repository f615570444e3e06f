import type { Implementation } from '../rpc/implementation.ts';
import type { DatasheetService } from './datasheet.service.ts';

export function makeDatasheetHandlers(core: Implementation, datasheets: DatasheetService) {
  return {
    datasheet: {
      get: core.datasheet.get.handler(({ input }) => datasheets.get(input.datasetId)),
      answer: core.datasheet.answer.handler(({ input }) =>
        datasheets.answer(input.datasetId, input.question, input.answer),
      ),
      export: core.datasheet.export.handler(({ input }) => datasheets.export(input.datasetId, input.format)),
    },
  };
}
