import { computed, onBeforeUnmount, shallowRef } from 'vue';
import type {
  AnnotationItem,
  Answer,
  Answers,
  Desk,
  Receipt,
} from '../../../electron/contract/annotation.contract.ts';
import { keepShownAnswers, listAnswerFaults } from '../../../electron/contract/annotation-rules.ts';
import type { Client } from '../../../electron/contract/contract.ts';
import type { Failure } from '../../rpc/failure.ts';
import { toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';
import { isSlotAnswered, listSlots, readKey } from './answer-keys.ts';
import { createDraftSaver, forgetDraft, newestDraft } from './draft-saver.ts';
import { repeatOnLostLink } from './repeat.ts';
import { useWorkTimer } from './work-timer.ts';

interface Seat {
  readonly projectId: number;
  readonly raterId: number;
}

/** The annotation of one rater in one project: the item before them, their answers to it, and the way on. */
export class DeskSession {
  readonly desk = shallowRef<Desk | null>(null);
  readonly item = shallowRef<AnnotationItem | null>(null);
  readonly answers = shallowRef<Answers>({});
  readonly slot = shallowRef(0);
  readonly receipt = shallowRef<Receipt | null>(null);
  readonly failure = shallowRef<Failure | null>(null);
  readonly isBusy = shallowRef(false);
  readonly areFaultsShown = shallowRef(false);
  readonly questions = computed(() => this.desk.value?.project.settings.questions ?? []);
  readonly shownFirst = computed(() => this.item.value?.shownFirst ?? 'a');
  readonly slots = computed(() => listSlots(this.questions.value, this.answers.value, this.shownFirst.value));
  readonly faults = computed(() => listAnswerFaults(this.questions.value, this.answers.value));
  private readonly saver = createDraftSaver((place, draft) =>
    this.client.annotation.saveDraft({ ...place, draft }),
  );
  readonly saveState = this.saver.state;
  readonly shownSeconds;
  private serial = 0;
  private fetching: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: Client,
    private readonly seat: Seat,
    private readonly timer: ReturnType<typeof useWorkTimer>,
  ) {
    this.shownSeconds = timer.shownSeconds;
  }

  /** Opens an item by id, or the first one open. */
  async open(comparisonId: number | null): Promise<void> {
    return this.attempt(async () => {
      await this.fetching;
      this.desk.value = await this.readDesk(comparisonId);
      this.show(this.desk.value.item);
    });
  }

  /** Hands the answer in, or goes on from what was told about it; shows what is missing where something is. */
  async enter(): Promise<void> {
    const current = this.item.value;
    if (!current || this.isBusy.value) return;
    if (this.receipt.value || this.isUnchanged(current)) return this.attempt(() => this.goOn());
    const [first] = this.faults.value;
    if (!first) return this.attempt(() => this.send('submitted', null));
    this.areFaultsShown.value = true;
    const open = this.slots.value.findIndex(
      (one) => one.question.id === first.question && !isSlotAnswered(one, this.answers.value),
    );
    this.slot.value = Math.max(0, open);
  }

  async skip(reason: string): Promise<void> {
    return this.attempt(() => this.send('skipped', reason));
  }

  async back(): Promise<void> {
    await this.fetching;
    const previous = this.desk.value?.previousId ?? null;
    if (previous !== null && !this.isBusy.value) await this.open(previous);
  }

  /** Answers the active question by a key; false where the key means nothing there. */
  press(key: string): boolean {
    const place = this.keySlot();
    const active = this.slots.value[place];
    if (!active || this.receipt.value || this.isBusy.value) return false;
    const state = { answers: this.answers.value, shownFirst: this.shownFirst.value };
    const result = readKey(key, active, state);
    if (!result) return false;
    this.setAnswer(active.question.id, result.answer);
    if (result.isDone && place === this.slot.value) this.move(1);
    return true;
  }

  move(step: number): void {
    this.slot.value = Math.min(this.slots.value.length - 1, Math.max(0, this.slot.value + step));
  }

  setAnswer(question: string, answer: Answer): void {
    const current = this.item.value;
    if (!current || this.receipt.value || this.isBusy.value) return;
    const answers = { ...this.answers.value, [question]: answer };
    this.answers.value = answers;
    this.serial += 1;
    const draft = { serial: this.serial, answers, ms: Math.round(this.timer.read()) };
    this.saver.save(this.placeOf(current), draft);
  }

  stop(): void {
    this.saver.stop();
  }

  /** The slot keys go to: the active one; from a text, which takes no keys, the question before it. */
  private keySlot(): number {
    const isKeyed = (place: number) =>
      !['rationale', 'span'].includes(this.slots.value[place]?.question.kind ?? '');
    let place = this.slot.value;
    while (place > 0 && !isKeyed(place)) place -= 1;
    return place;
  }

  private placeOf(item: AnnotationItem) {
    return { ...this.seat, comparisonId: item.comparisonId };
  }

  private async readDesk(comparisonId: number | null): Promise<Desk> {
    return repeatOnLostLink(
      () => this.client.annotation.desk({ ...this.seat, comparisonId }),
      () => undefined,
    );
  }

  private show(next: AnnotationItem | null): void {
    this.item.value = next;
    this.receipt.value = null;
    this.areFaultsShown.value = false;
    this.slot.value = 0;
    if (!next) return this.timer.stop();
    const draft = newestDraft(this.placeOf(next), next.draft);
    this.serial = draft?.serial ?? 0;
    this.answers.value = draft?.answers ?? next.answer?.answers ?? {};
    this.timer.start(draft?.ms ?? next.answer?.ms ?? 0);
    const open = this.slots.value.findIndex((one) => !isSlotAnswered(one, this.answers.value));
    this.slot.value = next.answer ? 0 : Math.max(0, open);
  }

  /** Shows the item fetched before, and fetches the one after it behind the person's back. */
  private async goOn(): Promise<void> {
    await this.fetching;
    const upcoming = this.desk.value?.upcoming ?? null;
    if (!upcoming) {
      this.desk.value = await this.readDesk(null);
      return this.show(this.desk.value.item);
    }
    this.show(upcoming);
    this.fetching = this.readDesk(upcoming.comparisonId).then(
      (next) => {
        this.desk.value = next;
      },
      (error: unknown) => {
        if (this.desk.value) this.desk.value = { ...this.desk.value, upcoming: null };
        this.failure.value = toFailure(error);
      },
    );
  }

  private isUnchanged(current: AnnotationItem): boolean {
    const { answer } = current;
    if (answer?.status !== 'submitted') return false;
    const kept = keepShownAnswers(this.questions.value, this.answers.value);
    return JSON.stringify(kept) === JSON.stringify(answer.answers);
  }

  private async send(status: 'submitted' | 'skipped', skipReason: string | null): Promise<void> {
    const current = this.item.value;
    if (!current) return;
    this.timer.stop();
    await this.saver.settle();
    const kept = keepShownAnswers(this.questions.value, this.answers.value);
    const submission = {
      ...this.placeOf(current),
      status,
      answers: status === 'skipped' ? {} : kept,
      skipReason,
      ms: Math.round(this.timer.read()),
    };
    const sent = await repeatOnLostLink(
      () => this.client.annotation.submit(submission),
      () => (this.saver.state.value = 'failed'),
    );
    this.saver.state.value = 'saved';
    forgetDraft(this.placeOf(current));
    if (sent.gold === null && sent.suggestion === null) return this.goOn();
    this.receipt.value = sent;
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.isBusy.value) return;
    this.isBusy.value = true;
    try {
      await work();
      this.failure.value = null;
    } catch (error) {
      this.failure.value = toFailure(error);
    } finally {
      this.isBusy.value = false;
    }
  }
}

/** A session at the desk for as long as the calling component lives. */
export function useDesk(seat: Seat): DeskSession {
  const session = new DeskSession(useClient(), seat, useWorkTimer());
  onBeforeUnmount(() => session.stop());
  return session;
}
