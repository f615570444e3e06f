/** What the files of the starter model, which Assay ships, call themselves. */
export const starterNames = { judge: 'Assay starter model', embedder: 'Assay starter embedder' } as const;

/** Whether a model is one of those that Assay ships, by what its file says of itself. */
export function isShippedModel(facts: { readonly name: string | null } | null): boolean {
  return facts?.name === starterNames.judge || facts?.name === starterNames.embedder;
}
