/** A failed tool call; what it says is shown to the judge. */
export class ToolFailure extends Error {}

type Token =
  { readonly kind: 'number'; readonly value: number } | { readonly kind: 'mark'; readonly value: string };

const functions: Readonly<Record<string, (value: number) => number>> = {
  sqrt: Math.sqrt,
  abs: Math.abs,
  round: Math.round,
  floor: Math.floor,
  ceil: Math.ceil,
  ln: Math.log,
  log: Math.log10,
  exp: Math.exp,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
};

function tokenise(expression: string): Token[] {
  const pattern = /\s*(?:(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+)|(\*\*|[-+*/%^()!])|([a-z]+))/gy;
  const tokens: Token[] = [];
  while (pattern.lastIndex < expression.trimEnd().length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(expression.toLowerCase());
    if (!match) throw new ToolFailure(`“${expression.slice(at, at + 12)}” is not part of a sum`);
    const [, number, mark, name] = match;
    if (number !== undefined) tokens.push({ kind: 'number', value: Number(number) });
    else if (name === 'pi') tokens.push({ kind: 'number', value: Math.PI });
    else if (name === 'e') tokens.push({ kind: 'number', value: Math.E });
    else if (name !== undefined && !Object.hasOwn(functions, name))
      throw new ToolFailure(
        `“${name}” is not known; there are ${Object.keys(functions).join(', ')}, pi and e`,
      );
    else tokens.push({ kind: 'mark', value: mark === '**' ? '^' : (mark ?? name ?? '') });
  }
  return tokens;
}

/** Recursive descent over + − * / % ^ ! ( ) and a few functions; there is no `eval`. */
class Reader {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  readAll(): number {
    const value = this.readSum();
    if (this.at < this.tokens.length) throw new ToolFailure('the sum goes on after its end');
    return value;
  }

  private take(...marks: string[]): string | undefined {
    const token = this.tokens[this.at];
    if (token?.kind !== 'mark' || !marks.includes(token.value)) return undefined;
    this.at++;
    return token.value;
  }

  private readSum(): number {
    let value = this.readProduct();
    for (let mark = this.take('+', '-'); mark !== undefined; mark = this.take('+', '-')) {
      const right = this.readProduct();
      value = mark === '+' ? value + right : value - right;
    }
    return value;
  }

  private readProduct(): number {
    let value = this.readSigned();
    for (let mark = this.take('*', '/', '%'); mark !== undefined; mark = this.take('*', '/', '%')) {
      const right = this.readSigned();
      if (mark !== '*' && right === 0) throw new ToolFailure('division by zero');
      value = mark === '*' ? value * right : mark === '/' ? value / right : value % right;
    }
    return value;
  }

  private readSigned(): number {
    const mark = this.take('-', '+');
    if (mark !== undefined) return mark === '-' ? -this.readSigned() : this.readSigned();
    return this.readPower();
  }

  private readPower(): number {
    const base = this.readFactorial();
    return this.take('^') === undefined ? base : base ** this.readSigned();
  }

  private readFactorial(): number {
    let value = this.readAtom();
    while (this.take('!') !== undefined) value = factorial(value);
    return value;
  }

  private readAtom(): number {
    const token = this.tokens[this.at];
    if (token?.kind === 'number') {
      this.at++;
      return token.value;
    }
    const name = this.take(...Object.keys(functions));
    if (this.take('(') === undefined) throw new ToolFailure('a number or a bracket is missing');
    const value = this.readSum();
    if (this.take(')') === undefined) throw new ToolFailure('a closing bracket is missing');
    const apply = name === undefined ? undefined : functions[name];
    return apply ? apply(value) : value;
  }
}

function factorial(n: number): number {
  if (!Number.isInteger(n) || n < 0 || n > 170)
    throw new ToolFailure('a factorial needs a whole number from 0 to 170');
  let product = 1;
  for (let factor = 2; factor <= n; factor++) product *= factor;
  return product;
}

/** The value of an arithmetic expression. Throws ToolFailure for anything that is not one. */
export function calculate(expression: string): string {
  if (expression.length > 500) throw new ToolFailure('the sum is longer than 500 characters');
  const value = new Reader(tokenise(expression)).readAll();
  if (!Number.isFinite(value)) throw new ToolFailure('the result is not a finite number');
  return String(Number(value.toPrecision(15)));
}
