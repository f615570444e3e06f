import type { Answers, Question } from '../../../contract/annotation.contract.ts';
import { findSpanFault, keepShownAnswers, listAnswerFaults } from '../../../contract/annotation-rules.ts';
import {
  conflictKinds,
  type MergeConflict,
  type MergeConflictKind,
  type MergeReport,
  type MergeRequest,
  type Resolution,
  resolutionsOf,
} from '../../../contract/pack.contract.ts';
import { sayAnswers } from '../say-answers.ts';
import { type AnswersPayload, canonicalJson, hashOf, type PackAnswer } from './payload.ts';

/** A rater answers go to: one who is here, or one to be made under this name. */
export interface RaterTarget {
  readonly raterKey: string;
  readonly role: 'own' | 'apart';
  readonly raterId: number | null;
  readonly name: string;
  /** Settled by a choice, so that undoing the merge forgets it. */
  readonly isChosen: boolean;
}

export interface OurItem {
  readonly comparisonId: number;
  readonly textHash: string | null;
  readonly prompt: string | null;
  /** Present where the project asks for spans. */
  readonly a: string | null;
  readonly b: string | null;
}

export interface OurAnswer {
  readonly status: string;
  readonly answers: unknown;
  readonly skipReason: string | null;
  readonly answeredAt: string;
  /** Came by an earlier merge and was not changed since. */
  readonly isMerged: boolean;
}

/** What is here when answers come in. */
export interface OurSide {
  readonly questions: readonly Question[];
  readonly items: ReadonlyMap<string, OurItem>;
  readonly raters: readonly { readonly raterId: number; readonly name: string }[];
  /** Rater by `role/raterKey`. */
  readonly raterOf: ReadonlyMap<string, number>;
  /** Current answer by `raterId/comparisonId`. */
  readonly answers: ReadonlyMap<string, OurAnswer>;
  readonly mergedKeys: ReadonlySet<string>;
}

export interface Taken {
  readonly answer: PackAnswer;
  readonly comparisonId: number;
  readonly target: RaterTarget;
}

export interface MergePlan {
  readonly taken: readonly Taken[];
  readonly report: Pick<MergeReport, 'taken' | 'known' | 'leftOut' | 'byRater' | 'counts' | 'conflicts'>;
}

const shownConflicts = 1_000;
const excerpt = 200;

type Choices = Pick<MergeRequest, 'defaults' | 'choices'>;

type Said = Pick<OurAnswer, 'status' | 'answers' | 'skipReason'>;

const contentOf = ({ status, answers, skipReason }: Said) => canonicalJson({ status, answers, skipReason });

/** Decides, answer by answer, what a merge takes, what is here already and what conflicts. Changes nothing. */
class Merger {
  private readonly conflicts = new Map<string, MergeConflict>();
  private readonly taken: Taken[] = [];
  private readonly tallies = new Map<string, { taken: number; known: number; leftOut: number }>();
  private readonly owns = new Map<string, RaterTarget | null>();

  constructor(
    private readonly payload: AnswersPayload,
    private readonly ours: OurSide,
    private readonly choices: Choices,
  ) {}

  plan(): MergePlan {
    const nameOf = new Map(this.payload.raters.map((rater) => [rater.raterKey, rater.name]));
    for (const { name } of this.payload.raters) this.tallies.set(name, { taken: 0, known: 0, leftOut: 0 });
    const areQuestionsOurs = hashOf(this.ours.questions) === this.payload.questionsHash;
    for (const answer of this.payload.answers) {
      const rater = nameOf.get(answer.raterKey) ?? '';
      const fate = this.judge(answer, { rater, areQuestionsOurs });
      const tally = this.tallies.get(rater);
      if (tally) tally[fate]++;
    }
    const tallies = [...this.tallies].map(([rater, tally]) => ({ rater, ...tally }));
    const sum = (field: 'taken' | 'known' | 'leftOut') =>
      tallies.reduce((total, tally) => total + tally[field], 0);
    const all = [...this.conflicts.values()];
    const counts = Object.fromEntries(
      conflictKinds.map((kind) => [kind, all.filter((one) => one.kind === kind).length]),
    ) as Record<MergeConflictKind, number>;
    return {
      taken: this.taken,
      report: {
        taken: sum('taken'),
        known: sum('known'),
        leftOut: sum('leftOut'),
        byRater: tallies,
        counts,
        conflicts: all.slice(0, shownConflicts),
      },
    };
  }

  /** What answers say, in words. */
  private describe({ status, answers, skipReason }: Said, questions: readonly Question[]): string {
    // stored by `storeAnswer`, or checked when the pack was opened
    const words =
      status === 'skipped' ? `skipped: ${skipReason ?? ''}` : sayAnswers(questions, answers as Answers);
    return words.slice(0, 1_000);
  }

  /** Records a conflict, or another answer it holds back, and answers how it is resolved. */
  private meet(
    kind: MergeConflictKind,
    key: string,
    about: Partial<Pick<MergeConflict, 'rater' | 'comparisonId' | 'prompt' | 'ours' | 'theirs'>>,
  ): Resolution {
    const conflictId = `${kind}/${key}`;
    const former = this.conflicts.get(conflictId);
    if (former) {
      this.conflicts.set(conflictId, { ...former, answers: former.answers + 1 });
      return former.resolution;
    }
    const wanted = this.choices.choices[conflictId] ?? this.choices.defaults[kind];
    const isChosen = wanted !== undefined && resolutionsOf[kind].includes(wanted);
    const resolution = isChosen ? wanted : 'ours';
    const nothing = { rater: null, comparisonId: null, prompt: null, ours: null, theirs: null };
    this.conflicts.set(conflictId, {
      ...nothing,
      ...about,
      conflictId,
      kind,
      resolution,
      isChosen,
      answers: 1,
    });
    return resolution;
  }

  private judge(
    answer: PackAnswer,
    { rater, areQuestionsOurs }: { rater: string; areQuestionsOurs: boolean },
  ): 'taken' | 'known' | 'leftOut' {
    const { answerKey } = answer;
    if (this.ours.mergedKeys.has(answerKey)) return 'known';
    const theirs = this.describe(answer, this.payload.project.questions);
    const item = this.ours.items.get(answer.itemKey);
    if (!item || item.textHash === null) {
      this.meet('item', answerKey, { rater, theirs, comparisonId: item?.comparisonId ?? null });
      return 'leftOut';
    }
    if (!areQuestionsOurs && this.meet('questions', 'all', {}) === 'ours') return 'leftOut';
    const own = this.findOwn(answer.raterKey, rater);
    if (!own) return 'leftOut';
    const about = {
      rater,
      theirs,
      comparisonId: item.comparisonId,
      prompt: item.prompt?.slice(0, excerpt) ?? null,
    };
    if (isFaulty(this.ours.questions, answer, item)) {
      this.meet('invalid', answerKey, about);
      return 'leftOut';
    }
    return this.place(answer, { own, item, about });
  }

  /** Finds the rater an acceptable answer goes to. */
  private place(
    answer: PackAnswer,
    {
      own,
      item,
      about,
    }: { own: RaterTarget; item: OurItem; about: Parameters<Merger['meet']>[2] & { rater: string } },
  ): 'taken' | 'known' | 'leftOut' {
    const { comparisonId } = item;
    let target = own;
    if (answer.textHash !== item.textHash) {
      const resolution = this.meet('text', answer.answerKey, about);
      if (resolution === 'ours') return 'leftOut';
      if (resolution === 'both') target = this.apartOf(answer.raterKey, about.rater);
    }
    if (target.role === 'own') {
      const fate = this.compare(answer, target, comparisonId);
      if (fate === 'known') return 'known';
      if (fate !== null) {
        const resolution = this.meet('answer', answer.answerKey, {
          ...about,
          ours: this.describe(fate, this.ours.questions),
        });
        if (resolution === 'ours') return 'leftOut';
        if (resolution === 'both') target = this.apartOf(answer.raterKey, about.rater);
      }
    }
    if (target.role === 'apart' && this.compare(answer, target, comparisonId) === 'known') return 'known';
    this.taken.push({ answer, comparisonId, target });
    return 'taken';
  }

  /** Null where nothing stands in the way; our answer where it was given here and differs. */
  private compare(
    answer: PackAnswer,
    { raterId }: RaterTarget,
    comparisonId: number,
  ): OurAnswer | 'known' | null {
    if (raterId === null) return null;
    const current = this.ours.answers.get(`${raterId}/${comparisonId}`);
    if (!current) return null;
    if (contentOf(current) === contentOf(answer)) return 'known';
    if (!current.isMerged) return current;
    return Date.parse(current.answeredAt) >= Date.parse(answer.answeredAt) ? 'known' : null;
  }

  private findOwn(raterKey: string, name: string): RaterTarget | null {
    const settled = this.owns.get(raterKey);
    if (settled !== undefined) {
      if (this.conflicts.has(`rater/${raterKey}`)) this.meet('rater', raterKey, {});
      return settled;
    }
    const target = this.resolveOwn(raterKey, name);
    this.owns.set(raterKey, target);
    return target;
  }

  private resolveOwn(raterKey: string, name: string): RaterTarget | null {
    const known = this.ours.raterOf.get(`own/${raterKey}`);
    const target = { raterKey, role: 'own' as const, name };
    if (known !== undefined) return { ...target, raterId: known, isChosen: false };
    const namesake = this.ours.raters.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (!namesake) return { ...target, raterId: null, isChosen: false };
    const about = { rater: name, ours: namesake.name, theirs: `${name} (${this.payload.from})` };
    const resolution = this.meet('rater', raterKey, about);
    if (resolution === 'ours') return null;
    if (resolution === 'theirs') return { ...target, raterId: namesake.raterId, isChosen: true };
    return { ...target, name: `${name} (${this.payload.from})`.slice(0, 100), raterId: null, isChosen: true };
  }

  private apartOf(raterKey: string, name: string): RaterTarget {
    const raterId = this.ours.raterOf.get(`apart/${raterKey}`) ?? null;
    return { raterKey, role: 'apart', raterId, name: `${name} (away)`.slice(0, 100), isChosen: false };
  }
}

function isFaulty(
  questions: readonly Question[],
  { status, answers, skipReason }: PackAnswer,
  { a, b }: OurItem,
): boolean {
  if (status === 'skipped') return skipReason === null || Object.keys(answers).length > 0;
  if (listAnswerFaults(questions, answers).length > 0) return true;
  if (a !== null && b !== null && findSpanFault(answers, { a, b })) return true;
  return canonicalJson(keepShownAnswers(questions, answers)) !== canonicalJson(answers);
}

/**
 * What a merge of these answers would take, and what conflicts with what is here, each conflict with its resolution: the
 * one chosen, or “ours”. An answer that came by an earlier merge and was not changed here since is no conflict: a newer one
 * of the same rater follows it.
 */
export function planMerge(payload: AnswersPayload, ours: OurSide, choices: Choices): MergePlan {
  return new Merger(payload, ours, choices).plan();
}
