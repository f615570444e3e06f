import type { Database } from '../../../../native/duckdb/database.ts';
import type { DraftTest, Rebuilt } from '../../../contract/constitution-exchange.ts';
import { differ, evaluateExecutors, groupClusters } from '../executors.ts';
import { estimateStrength } from '../principle-results.ts';
import { fixChoice } from '../principles/choose-principles.ts';
import type { PrincipleRun } from '../principles/principle-run.repository.ts';
import { noVotes, type PrincipleColumns, takePairs } from '../principles/principle-votes.ts';
import { runTransparentExecutors } from '../principles/run-executors.ts';
import { readDraftVotes } from './draft-votes.ts';
import { findCodeVote, listSelected, type Stored } from './edit-run.ts';
import type { ReadText } from './read-text.ts';
import { readStoredPrinciple } from './written-text.ts';

type Chosen = readonly { readonly index: number; readonly weight: number }[];

/**
 * Counts the known votes on an edited list and rebuilds the held-out labels with it and with the list as it was, over
 * the same pairs of `run`. A principle without a weight has the one fitted on the training pairs; one without votes says
 * nothing. Asks no model.
 */
export async function testDraft(
  database: Database,
  { stored, run, draft }: { stored: Stored; run: PrincipleRun; draft: ReadText },
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<DraftTest> {
  const earlier = listSelected(stored.document).map(({ stored: text, weight }) => ({
    ...readStoredPrinciple(text),
    weight,
  }));
  const { principles } = draft;
  const { columns, sums } = await readDraftVotes(database, run, [...principles, ...earlier]);
  const [train, test] = [takePairs(columns, 0), takePairs(columns, 1)];
  const choose = async (list: readonly { weight: number | null }[], from: number) =>
    (
      await fixChoice(
        train,
        list.map(({ weight }, place) => ({ index: from + place, weight })),
        signal,
      )
    ).chosen;
  const edited = await choose(principles, 0);
  const former = await choose(earlier, principles.length);
  const sides = (chosen: Chosen) =>
    runTransparentExecutors(test, chosen, []).get('weighted') ?? new Int8Array(test.rows);
  return {
    problems: [...draft.problems],
    voter: run.record.model?.name ?? 'code',
    pairs: columns.rows,
    principles: principles.map((principle, place) => {
      const own = sums.get(place) ?? noVotes;
      const { value, ci } = estimateStrength(own);
      return {
        ...principle,
        voted: own.n,
        byCode: findCodeVote(principle) !== undefined,
        strength: { value, ci, n: own.n },
        usedWeight: edited[place]?.weight ?? 0,
      };
    }),
    edited: rebuild(test, edited),
    former: rebuild(test, former),
    gain: differ(groupClusters(test.cluster, test.rows), sides(edited), sides(former)),
  };
}

function rebuild(test: PrincipleColumns, chosen: Chosen): Rebuilt {
  const { majority, weighted, silent } = evaluateExecutors({
    ...test,
    selected: chosen.map(({ index, weight }) => ({ trait: index, direction: 1 as const, weight })),
  });
  return { majority, weighted, silent };
}
