import type { TokenUse } from '../../../../native/host/inference.ts';
import { addUse } from '../../judging/pair-record.ts';
import type { MiningAnswer } from './mining-method.ts';

/** Collects what the calls of one item cost. */
export class Tally {
  calls = 0;
  invalidCalls = 0;
  readonly uses: TokenUse[] = [];

  add<T extends { use: TokenUse; calls?: number; invalidCalls?: number }>(answer: T): T {
    this.calls += answer.calls ?? 1;
    this.invalidCalls += answer.invalidCalls ?? 0;
    this.uses.push(answer.use);
    return answer;
  }

  conclude(result: MiningAnswer['result'], failReason: string | null): MiningAnswer {
    return {
      result,
      failReason,
      calls: this.calls,
      invalidCalls: this.invalidCalls,
      use: addUse(this.uses),
    };
  }
}
