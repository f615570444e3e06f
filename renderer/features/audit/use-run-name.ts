import type { AuditRun } from '../../../electron/contract/audit.contract.ts';
import { useText } from '../../app/text.ts';

/** Names a run by its time and by what sets it apart: slice, judge, a part of the audits. */
export function useRunName(): (run: Pick<AuditRun, 'createdAt' | 'slice' | 'judge' | 'only'>) => string {
  const { t, time, number } = useText();
  return ({ createdAt, slice, judge, only }) => {
    const details = [
      slice === null ? '' : t('audits.runSlice', { slice }),
      judge === null ? '' : t('audits.runJudge', { judge }),
      only === null ? '' : t('audits.runOnly', { n: number(only.length) }),
    ];
    return t('audits.runOption', { time: time(createdAt), details: details.join('') });
  };
}
