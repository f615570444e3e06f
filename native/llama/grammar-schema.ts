type Json = Readonly<Record<string, unknown>>;

/** Integers of a range become an enumeration up to this many, so that the grammar itself keeps to the range. */
const mostEnumerated = 128;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The values of a bounded integer, or undefined where the bounds are open or too wide. */
function enumerate({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Json): number[] | undefined {
  const low = typeof minimum === 'number' ? Math.ceil(minimum) : Number(exclusiveMinimum) + 1;
  const high = typeof maximum === 'number' ? Math.floor(maximum) : Number(exclusiveMaximum) - 1;
  const count = high - low + 1;
  if (!(count >= 1 && count <= mostEnumerated)) return undefined;
  return Array.from({ length: count }, (_, index) => low + index);
}

/**
 * A JSON schema in the subset that grammars are made from: `anyOf` as `oneOf`, small integer ranges as enumerations,
 * annotations left out, every object closed and its members required unless it says otherwise.
 */
export function toGrammarSchema(schema: unknown): Json {
  if (!isObject(schema)) return { type: 'string' };
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(alternatives)) return { oneOf: alternatives.map(toGrammarSchema) };
  if ('const' in schema) return { const: schema.const };
  if (Array.isArray(schema.enum)) return { enum: schema.enum };
  if (schema.type === 'integer') {
    const values = enumerate(schema);
    return values ? { enum: values } : { type: 'integer' };
  }
  if (schema.type === 'object') return toGrammarObject(schema);
  if (schema.type === 'array') {
    const { minItems, maxItems } = schema;
    return {
      type: 'array',
      ...(schema.items === undefined ? {} : { items: toGrammarSchema(schema.items) }),
      ...(typeof minItems === 'number' ? { minItems } : {}),
      ...(typeof maxItems === 'number' ? { maxItems } : {}),
    };
  }
  if (schema.type === 'string') {
    const { minLength, maxLength } = schema;
    return {
      type: 'string',
      ...(typeof minLength === 'number' ? { minLength } : {}),
      ...(typeof maxLength === 'number' ? { maxLength } : {}),
    };
  }
  return { type: schema.type ?? ['string', 'number', 'boolean', 'null'] };
}

function toGrammarObject(schema: Json): Json {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const { additionalProperties } = schema;
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, toGrammarSchema(value)]),
    ),
    ...(Array.isArray(schema.required) ? { required: schema.required } : {}),
    ...(isObject(additionalProperties)
      ? { additionalProperties: toGrammarSchema(additionalProperties) }
      : { additionalProperties: false }),
  };
}
