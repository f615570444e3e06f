import type { Implementation } from '../rpc/implementation.ts';
import type { SqlConsoleService } from './sql-console.service.ts';

export function makeSqlHandlers(core: Implementation, console: SqlConsoleService) {
  return {
    sql: {
      run: core.sql.run.handler(({ input, signal }) => console.run(input, signal)),
      page: core.sql.page.handler(async ({ input, signal }) => ({
        offset: input.offset,
        rows: await console.page(input.resultId, input.offset, input.limit, signal),
      })),
      schema: core.sql.schema.handler(() => console.schema()),
      history: core.sql.history.handler(() => console.history()),
    },
  };
}
