import type { Implementation } from '../rpc/implementation.ts';
import type { ReportService } from './report.service.ts';

export function makeReportHandlers(core: Implementation, reports: ReportService) {
  return {
    report: {
      list: core.report.list.handler(() => reports.list()),
      build: core.report.build.handler(async ({ input }) => {
        const { reportId, directory } = await reports.build(input.constitutionId);
        return { reportId, directory };
      }),
      file: core.report.file.handler(({ input }) => reports.file(input.reportId, input.file)),
    },
  };
}
