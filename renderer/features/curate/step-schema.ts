/** The part of JSON Schema that parameters of steps use. */
export interface StepSchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: StepSchema;
  readonly properties?: Readonly<Record<string, StepSchema>>;
}

export type StepControl = 'choice' | 'number' | 'boolean' | 'text' | 'model' | 'words' | 'clauses' | 'json';

/** Which control edits a parameter. */
export function controlOf(name: string, schema: StepSchema): StepControl {
  if (name === 'clauses') return 'clauses';
  if (schema.enum) return 'choice';
  switch (schema.type) {
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'string':
      return schema.format === 'model' ? 'model' : 'text';
    case 'array':
      return schema.items?.type === 'string' ? 'words' : 'json';
    default:
      return 'json';
  }
}

/** A parameter's name as words: `minVotes` is “Min votes”. */
export function titleOf(name: string): string {
  const words = name
    .replace(/^is(?=[A-Z])/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
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
