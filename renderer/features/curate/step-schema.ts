import type { ParamSchema } from '../../ui/param-schema.ts';

/** Controls of steps beside those every parameter has. */
export type StepControl = 'model' | 'words' | 'clauses' | 'usual';

/** Which control edits a parameter. */
export function controlOf(name: string, schema: ParamSchema): StepControl {
  if (name === 'clauses') return 'clauses';
  if (schema.type === 'string' && schema.format === 'model') return 'model';
  return schema.type === 'array' && schema.items?.type === 'string' && !schema.items.enum ? 'words' : 'usual';
}

/** The parameters with one set; undefined takes it away, so that the default holds again. */
export function withParam(
  params: Readonly<Record<string, unknown>>,
  name: string,
  value: unknown,
): Record<string, unknown> {
  const { [name]: _former, ...rest } = params;
  return value === undefined ? rest : { ...rest, [name]: value };
}
