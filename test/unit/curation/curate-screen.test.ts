import { describe, expect, it } from 'vitest';
import { listOps, makeClause, textOfClause } from '../../../renderer/features/curate/clauses.ts';
import {
  funnelShares,
  isSeed,
  makeStep,
  moveStep,
  neighbourOf,
} from '../../../renderer/features/curate/curate-draft.ts';
import { controlOf, withParam } from '../../../renderer/features/curate/step-schema.ts';
import { kindOf, titleOfParam } from '../../../renderer/ui/param-schema.ts';

const steps = ['a', 'b', 'c'].map((step) => makeStep({ step, enabled: true, params: {} }));
const keys = steps.map(({ key }) => key);
const names = (moved: readonly { step: string }[]) => moved.map(({ step }) => step).join('');

describe('the list of steps', () => {
  it('moves a step by one place and stops at the ends (a wrap would put the last step first)', () => {
    expect(names(moveStep(steps, keys[0] ?? 0, 1))).toBe('bac');
    expect(names(moveStep(steps, keys[2] ?? 0, -1))).toBe('acb');
    expect(names(moveStep(steps, keys[0] ?? 0, -1))).toBe('abc');
    expect(names(moveStep(steps, keys[2] ?? 0, 1))).toBe('abc');
  });

  it('selects the next step after one is removed, the former at the end, none of an empty list', () => {
    expect(neighbourOf(steps, keys[0] ?? 0)).toBe(keys[1]);
    expect(neighbourOf(steps, keys[2] ?? 0)).toBe(keys[1]);
    expect(neighbourOf(steps.slice(0, 1), keys[0] ?? 0)).toBeNull();
  });

  it('takes whole numbers of 32 bits as seeds', () => {
    expect(['0', '4294967295', ' 7 '].map(isSeed)).toEqual([true, true, true]);
    expect(['', '-1', '1.5', '4294967296', 'x'].map(isSeed)).toEqual([false, false, false, false, false]);
  });

  it('draws bars whose parts add up to in and to added (100 in, 30 dropped, 20 added, of 200)', () => {
    expect(funnelShares({ in: 100, out: 90, dropped: 30, added: 20 }, 200)).toEqual({
      kept: 0.35,
      dropped: 0.15,
      added: 0.1,
    });
    expect(funnelShares({ in: 0, out: 0, dropped: 0, added: 0 }, 0)).toEqual({
      kept: 0,
      dropped: 0,
      added: 0,
    });
  });
});

describe('the form of a step', () => {
  it('has a control for each kind of parameter and takes an emptied one away, so that the default holds', () => {
    expect(controlOf('clauses', { type: 'array' })).toBe('clauses');
    expect(controlOf('judge', { type: 'string', format: 'model' })).toBe('model');
    expect(controlOf('of', { type: 'string', enum: ['a'] })).toBe('usual');
    expect(controlOf('against', { type: 'array', items: { type: 'string' } })).toBe('words');
    expect(controlOf('sizes', { type: 'object' })).toBe('usual');
    expect(kindOf({ type: 'object' }), 'names that are not known are edited as JSON').toBe('other');
    expect(withParam({ a: 1, b: 2 }, 'a', undefined)).toEqual({ b: 2 });
    expect(titleOfParam('maxPerPrompt')).toBe('Max per prompt');
    expect(titleOfParam('isProbability')).toBe('Probability');
  });

  const category = { op: 'in', field: 'label', values: ['a', 'b'] } as const;
  const numbers = { op: 'in', field: 'n_votes', values: [1, 2] } as const;
  const range = { op: 'range', field: 'strength', min: 0.5, max: null, closed: true } as const;
  const text = { op: 'contains', field: 'prompt', text: 'word', ignoreCase: true } as const;
  it.each([
    { kind: 'category' as const, typed: 'a, b', clause: category },
    { kind: 'number' as const, typed: '1, 2', clause: numbers },
    { kind: 'number' as const, typed: '0.5 …', clause: range },
    { kind: 'text' as const, typed: 'word', clause: text },
  ])('a condition typed as “$typed” on a $kind is read and shown again', ({ kind, typed, clause }) => {
    const made = makeClause(clause.field, clause.op, typed, kind);
    expect(made).toEqual(clause);
    expect(textOfClause(made)).toBe(typed);
    expect(listOps(kind)).toContain(clause.op);
  });
});
