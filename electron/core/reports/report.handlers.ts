import type { Implementation } from '../rpc/implementation.ts';
import type { ReportService } from './report.service.ts';

export function makeReportHandlers(core: Implementation, reports: ReportService) {
  return {
    report: {
      list: core.report.list.handler(() => reports.list()),
      file: core.report.file.handler(({ input }) => reports.file(input.reportId, input.file)),
    },
  };
}
