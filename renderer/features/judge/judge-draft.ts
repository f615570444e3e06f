import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { Filter } from '../../../electron/contract/filter.contract.ts';
import type {
  FeatureWeights,
  JudgeRequest,
  ProtocolInfo,
} from '../../../electron/contract/judging.contract.ts';
import type { Model } from '../../../electron/contract/model.contract.ts';

/** What the person has chosen so far. Numbers are texts while they are typed. */
export interface JudgeDraft {
  protocol: string;
  /** Only what differs from the defaults. */
  params: Record<string, unknown>;
  models: Record<string, string[]>;
  /** Hashes of edited templates by name; the shipped one where absent. */
  templates: Record<string, string>;
  order: JudgeRequest['order'];
  tieEpsilon: string;
  /** Which rows; see `JudgeSource`. */
  source: string;
  sample: string;
  seed: string;
  name: string;
  /** Rows of the run this draft was made from. */
  filter: Filter | null;
  /** The filter of the address that was taken over last; another one is taken over anew. */
  handed: string;
}

/** Rows that can be judged. */
export interface JudgeSource {
  readonly id: string;
  readonly title: string;
  readonly filter: Filter;
}

export type DraftField = 'protocol' | 'models' | 'tieEpsilon' | 'sample' | 'seed' | 'name';

export function makeJudgeDraft(): JudgeDraft {
  return {
    protocol: '',
    params: {},
    models: {},
    templates: {},
    order: 'average',
    tieEpsilon: '0.05',
    source: 'all',
    sample: '',
    seed: '1',
    name: '',
    filter: null,
    handed: '',
  };
}

/** The draft of each dataset, kept while the person looks at something else. */
export const useJudgeDrafts = defineStore('judge-drafts', () => {
  const drafts = ref<Record<number, JudgeDraft>>({});
  function draftOf(datasetId: number): JudgeDraft {
    drafts.value[datasetId] ??= makeJudgeDraft();
    return drafts.value[datasetId];
  }
  return { drafts, draftOf };
});

const isWhole = (text: string, low: number) =>
  text.trim() !== '' && Number.isSafeInteger(Number(text)) && Number(text) >= low;

/** Fields that keep the draft from being a request. */
export function findDraftFaults(draft: JudgeDraft, protocol: ProtocolInfo | undefined): DraftField[] {
  const epsilon = Number(draft.tieEpsilon);
  const isRolePlayed = ({ role }: { role: string }) => (draft.models[role] ?? []).length > 0;
  const checks: readonly (readonly [DraftField, boolean])[] = [
    ['protocol', protocol !== undefined],
    ['models', protocol?.roles.every(isRolePlayed) ?? false],
    ['tieEpsilon', draft.tieEpsilon.trim() !== '' && epsilon >= 0 && epsilon <= 0.5],
    ['sample', draft.sample.trim() === '' || isWhole(draft.sample, 1)],
    ['seed', isWhole(draft.seed, 0)],
    ['name', draft.name.trim().length <= 120],
  ];
  return checks.filter(([, isGood]) => !isGood).map(([field]) => field);
}

/** The request of a draft without faults; roles without a model are left out. */
export function requestOfDraft(draft: JudgeDraft, datasetId: number, source: JudgeSource): JudgeRequest {
  const { filter } = source;
  const hasFilter = filter.clauses.length > 0 || filter.words !== undefined;
  return {
    datasetId,
    protocol: draft.protocol,
    params: draft.params,
    models: Object.fromEntries(Object.entries(draft.models).filter(([, ids]) => ids.length > 0)),
    templates: draft.templates,
    order: draft.order,
    tieEpsilon: Number(draft.tieEpsilon),
    seed: Number(draft.seed),
    ...(hasFilter && { filter }),
    ...(draft.sample.trim() !== '' && { limit: Number(draft.sample) }),
    ...(draft.name.trim() !== '' && { name: draft.name.trim() }),
  };
}

/** The settings of an earlier run as a draft; its name is left out, as a new run gets one of its own. */
export function draftOfRequest(request: JudgeRequest): JudgeDraft {
  return {
    ...makeJudgeDraft(),
    protocol: request.protocol,
    params: { ...request.params },
    models: { ...request.models },
    templates: { ...request.templates },
    order: request.order,
    tieEpsilon: String(request.tieEpsilon),
    source: request.filter ? 'earlier' : 'all',
    filter: request.filter ?? null,
    sample: request.limit === undefined ? '' : String(request.limit),
    seed: String(request.seed),
  };
}

/** Parameters of domain features with fitted weights put to the features of their names. */
export function weighFeatures(
  params: Readonly<Record<string, unknown>>,
  { features }: FeatureWeights,
): Record<string, unknown> {
  const given = (params['features'] ?? []) as readonly { readonly name: string }[];
  const round = (value: number | null) => (value === null ? 0 : Number(value.toFixed(4)));
  return {
    ...params,
    features: features.map(({ name, weight }) => ({
      ...(given.find((feature) => feature.name === name) ?? { name }),
      weight: round(weight.value),
    })),
  };
}

/** Why a model cannot play a role; null where it can. */
export type Unfit =
  | { readonly kind: 'lacks'; readonly needs: readonly string[] }
  | { readonly kind: 'missing' | 'disabled' | 'untested' };

export function whyUnfit(model: Model, needs: readonly string[]): Unfit | null {
  if (model.endpoint && !model.endpoint.isEnabled) return { kind: 'disabled' };
  if (model.endpoint && model.endpoint.traits === null) return { kind: 'untested' };
  if (!model.isPresent) return { kind: 'missing' };
  const lacking = needs.filter((need) => !model.capabilities.some((has) => has === need));
  return lacking.length > 0 ? { kind: 'lacks', needs: lacking } : null;
}

/** Models by role for a protocol: what was chosen where it still fits, else the first that fits and stays here. */
export function chooseModels(
  protocol: ProtocolInfo,
  models: readonly Model[],
  chosen: Readonly<Record<string, readonly string[]>>,
): Record<string, string[]> {
  return Object.fromEntries(
    protocol.roles.map(({ role, needs, isMany }) => {
      const fit = models.filter((model) => whyUnfit(model, needs) === null);
      const kept = (chosen[role] ?? []).filter((id) => fit.some(({ modelId }) => modelId === id));
      const first = fit.find(({ leavesMachine }) => !leavesMachine)?.modelId;
      if (kept.length > 0 || isMany || first === undefined) return [role, [...kept]];
      return [role, [first]];
    }),
  );
}

export type CostHint = 'reads' | 'writes' | 'scores';

/** How a protocol spends its time: it writes text (slow), reads probabilities, or runs a small scoring model. */
export function costOf(protocol: ProtocolInfo): CostHint {
  const needs = protocol.roles.flatMap((role) => role.needs);
  if (needs.includes('generate')) return 'writes';
  return needs.every((need) => need === 'rank' || need === 'embed') ? 'scores' : 'reads';
}

/** Protocols all of whose words occur in title, description or id. */
export function findProtocols(protocols: readonly ProtocolInfo[], words: string): ProtocolInfo[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return protocols.filter(({ protocol, title, description }) => {
    const text = `${protocol} ${title} ${description}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
