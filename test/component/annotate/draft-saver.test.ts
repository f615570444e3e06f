import { beforeEach, describe, expect, it } from 'vitest';
import type { Draft } from '../../../electron/contract/annotation.contract.ts';
import {
  createDraftSaver,
  forgetDraft,
  newestDraft,
} from '../../../renderer/features/annotate/draft-saver.ts';

const place = { projectId: 1, raterId: 2, comparisonId: 3 };
const draft = (serial: number, text: string): Draft => ({
  serial,
  ms: 10,
  answers: { reason: { kind: 'rationale', text } },
});

beforeEach(() => localStorage.clear());

describe('the draft of an answer', () => {
  it('is sent at once; what is typed meanwhile goes after it, the newest only', async () => {
    const sent: number[] = [];
    const open: (() => void)[] = [];
    const saver = createDraftSaver((_, one) => {
      sent.push(one.serial);
      return new Promise<void>((resolve) => open.push(resolve));
    });
    for (const serial of [1, 2, 3]) saver.save(place, draft(serial, 'x'));
    expect(sent).toEqual([1]);
    expect(saver.state.value).toBe('saving');
    open[0]?.();
    await expect.poll(() => sent).toEqual([1, 3]);
    open[1]?.();
    await expect.poll(() => saver.state.value).toBe('saved');
  });

  it('that failed is sent again; would catch a letter lost while the core was gone', async () => {
    const sent: number[] = [];
    const saver = createDraftSaver(async (_, one) => {
      sent.push(one.serial);
      if (sent.length === 1) throw new Error('gone');
    });
    saver.save(place, draft(1, 'x'));
    await expect.poll(() => saver.state.value).toBe('failed');
    await expect.poll(() => sent, { timeout: 4_000 }).toEqual([1, 1]);
    await expect.poll(() => saver.state.value).toBe('saved');
  });

  it('is kept by the page until it is handed in, and the newer of two is taken', () => {
    const saver = createDraftSaver(() => new Promise(() => undefined));
    saver.save(place, draft(5, 'typed just before the reload'));
    expect(newestDraft(place, draft(4, 'stored'))?.serial).toBe(5);
    expect(newestDraft(place, draft(6, 'stored'))?.serial).toBe(6);
    expect(newestDraft({ ...place, raterId: 9 }, null)).toBeNull();
    forgetDraft(place);
    expect(newestDraft(place, null)).toBeNull();
  });

  it('that is no draft any more is left out', () => {
    localStorage.setItem('assay.annotation-draft.1.2.3', '{"serial": "x"');
    expect(newestDraft(place, draft(1, 'stored'))?.serial).toBe(1);
  });
});
