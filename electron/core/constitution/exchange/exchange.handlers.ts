import type { Implementation } from '../../rpc/implementation.ts';
import type { ExchangeService } from './exchange.service.ts';

/** The part of the constitution’s methods that is about texts and files. */
export function makeExchangeHandlers({ constitution }: Implementation, exchange: ExchangeService) {
  return {
    openText: constitution.openText.handler(async ({ input }) => ({
      text: await exchange.openText(input.constitutionId, input.format),
    })),
    convertText: constitution.convertText.handler(({ input }) =>
      exchange.convert(input.text, input.from, input.to),
    ),
    testText: constitution.testText.handler(({ input, signal }) => exchange.test(input, signal)),
    startVotes: constitution.startVotes.handler(async ({ input, signal }) => ({
      jobId: await exchange.startVotes(input, signal),
    })),
    saveText: constitution.saveText.handler(async ({ input, signal }) => ({
      constitutionId: await exchange.save(input, signal),
    })),
    exportAs: constitution.exportAs.handler(async ({ input, signal }) => {
      const { constitutionId, format, template } = input;
      if (format === 'annotated-pairs' || format === 'icai')
        return { text: null, ...(await exchange.exportToWorkspace(constitutionId, format, signal)) };
      return { path: null, ...(await exchange.exportText(constitutionId, format, template)) };
    }),
    importFrom: constitution.importFrom.handler(({ input, signal }) => exchange.importFrom(input, signal)),
  };
}
