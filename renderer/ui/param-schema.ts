/** The part of JSON Schema that parameters of protocols and of curation steps use. */
export interface ParamSchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly ParamSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: ParamSchema;
  readonly properties?: Readonly<Record<string, ParamSchema>>;
  readonly required?: readonly string[];
}

export type ParamKind =
  'text' | 'longText' | 'number' | 'boolean' | 'choice' | 'choices' | 'list' | 'group' | 'other';

/** Texts that may be longer than this get a box of several lines. */
const lineLength = 500;

/** The values a schema lists, of `enum` or of an `anyOf` of constants; undefined where it lists none. */
export function choicesOf(schema: ParamSchema): readonly unknown[] | undefined {
  if (schema.enum) return schema.enum;
  const constants = schema.anyOf?.map((one) => one.const);
  return constants?.every((one) => one !== undefined) ? constants : undefined;
}

/** Which control edits a value of a schema. */
export function kindOf(schema: ParamSchema): ParamKind {
  if (choicesOf(schema)) return 'choice';
  switch (schema.type) {
    case 'string':
      return (schema.maxLength ?? 0) > lineLength ? 'longText' : 'text';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return schema.items && choicesOf(schema.items) ? 'choices' : 'list';
    case 'object':
      return schema.properties ? 'group' : 'other';
    default:
      return 'other';
  }
}

/** A parameter's name as words: `maxTokens` is “Max tokens”, `isVeto` is “Veto”. */
export function titleOfParam(name: string): string {
  const words = name
    .replace(/^is(?=[A-Z])/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a fresh value of a schema is: its default, or an empty value of its type. */
export function emptyValue(schema: ParamSchema): unknown {
  if (schema.default !== undefined) return structuredClone(schema.default);
  switch (kindOf(schema)) {
    case 'text':
    case 'longText':
      return '';
    case 'boolean':
      return false;
    case 'choice':
      return choicesOf(schema)?.[0];
    case 'choices':
    case 'list':
      return [];
    case 'group':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
          const isNeeded = schema.required?.includes(name) === true || part.default !== undefined;
          return isNeeded ? [[name, emptyValue(part)]] : [];
        }),
      );
    default:
      return undefined;
  }
}

/** All parameters of a protocol: what was given, defaults for the rest. */
export function fillParams(
  schema: ParamSchema,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return { ...(emptyValue({ ...schema, type: 'object' }) as Record<string, unknown>), ...given };
}

export interface ParamProblem {
  /** Names and places from the outside in, e.g. `principles.2.name`. */
  readonly path: string;
  readonly kind:
    | 'required'
    | 'tooLong'
    | 'notNumber'
    | 'notWhole'
    | 'tooSmall'
    | 'tooLarge'
    | 'tooFew'
    | 'tooMany'
    | 'notChoice';
  readonly limit: number;
}

/** What is wrong with a value, the outermost first; empty where nothing is. */
export function findProblems(
  schema: ParamSchema,
  value: unknown,
  path = '',
  isNeeded = true,
): ParamProblem[] {
  const problem = (kind: ParamProblem['kind'], limit = 0): ParamProblem[] => [{ path, kind, limit }];
  const isMissing = value === undefined || value === null || (value === '' && (schema.minLength ?? 0) > 0);
  if (isMissing) return isNeeded && value !== undefined ? problem('required') : [];
  const choices = choicesOf(schema);
  if (choices) return choices.includes(value) ? [] : problem('notChoice');
  if (typeof value === 'string')
    return value.length > (schema.maxLength ?? Infinity) ? problem('tooLong', schema.maxLength) : [];
  if (schema.type === 'number' || schema.type === 'integer') return numberProblems(schema, value, problem);
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0)) return problem('tooFew', schema.minItems);
    if (value.length > (schema.maxItems ?? Infinity)) return problem('tooMany', schema.maxItems);
    return value.flatMap((one, index) => findProblems(schema.items ?? {}, one, join(path, index)));
  }
  if (typeof value !== 'object') return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, part]) =>
    findProblems(
      part,
      (value as Record<string, unknown>)[name],
      join(path, name),
      part.default !== undefined || schema.required?.includes(name) === true,
    ),
  );
}

function numberProblems(
  schema: ParamSchema,
  value: unknown,
  problem: (kind: ParamProblem['kind'], limit?: number) => ParamProblem[],
): ParamProblem[] {
  if (typeof value !== 'number' || !Number.isFinite(value)) return problem('notNumber');
  if (schema.type === 'integer' && !Number.isInteger(value)) return problem('notWhole');
  if (value < (schema.minimum ?? -Infinity)) return problem('tooSmall', schema.minimum);
  return value > (schema.maximum ?? Infinity) ? problem('tooLarge', schema.maximum) : [];
}

const join = (path: string, name: string | number) => (path === '' ? String(name) : `${path}.${name}`);
