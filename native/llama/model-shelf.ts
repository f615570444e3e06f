import { AppError } from '../../electron/contract/app-error.ts';
import type { LoadedModel } from './loaded-model.ts';

/** Unloads the model that was used longest ago; waits for one where all are busy. False where there is none. */
export type MakeRoom = (signal: AbortSignal) => Promise<boolean>;

/** The models in memory. One is loaded at a time; none is unloaded while it is asked something. */
export class ModelShelf {
  readonly #models = new Map<string, LoadedModel>();
  readonly #onChange: () => void;
  #lane: Promise<unknown> = Promise.resolve();
  #clock = 0;
  #idle: (() => void)[] = [];

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  list(): readonly LoadedModel[] {
    return [...this.#models.values()];
  }

  /** Answers the model of that key, made by `load` where it is not there. */
  async load(key: string, load: (makeRoom: MakeRoom) => Promise<LoadedModel>): Promise<LoadedModel> {
    return this.#inLane(async () => {
      const present = this.#models.get(key);
      if (present) return present;
      const model = await load((signal) => this.#makeRoom(signal));
      model.usedAt = ++this.#clock;
      this.#models.set(key, model);
      this.#onChange();
      return model;
    });
  }

  /** Lends a model to `work`. Throws MODEL_NOT_LOADED, upon which the caller loads it (again) and repeats. */
  async use<T>(key: string, work: (model: LoadedModel) => Promise<T>): Promise<T> {
    const model = this.#models.get(key);
    if (!model)
      throw new AppError('MODEL_NOT_LOADED', `The model ${key} is not in memory. Load it, then ask again.`, {
        key,
      });
    model.calls += 1;
    model.usedAt = ++this.#clock;
    try {
      return await work(model);
    } finally {
      model.calls -= 1;
      if (model.calls === 0) this.#tellIdle();
    }
  }

  async unload(key: string): Promise<void> {
    await this.#inLane(async () => {
      const model = this.#models.get(key);
      if (model) await this.#remove(model);
    });
  }

  async clear(): Promise<void> {
    for (const model of this.list()) await this.unload(model.key);
  }

  async #remove(model: LoadedModel): Promise<void> {
    this.#models.delete(model.key); // no further call gets it
    while (model.calls > 0) await this.#nextIdle();
    await model.dispose();
    this.#onChange();
  }

  async #makeRoom(signal: AbortSignal): Promise<boolean> {
    while (this.#models.size > 0) {
      signal.throwIfAborted();
      const [oldest] = this.list()
        .filter(({ calls }) => calls === 0)
        .sort((left, right) => left.usedAt - right.usedAt);
      if (oldest) {
        await this.#remove(oldest);
        return true;
      }
      await this.#nextIdle(signal);
    }
    return false;
  }

  #nextIdle(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #inLane<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#lane.then(work);
    this.#lane = run.catch(() => undefined);
    return run;
  }
}
