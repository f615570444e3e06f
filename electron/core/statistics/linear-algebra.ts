/**
 * Cholesky factor L (lower triangle, row-major, zeros above) of a symmetric positive definite matrix, or
 * undefined where the matrix is not positive definite to working precision (a pivot at or below `tolerance`
 * times its diagonal element).
 *
 * @param matrix Row-major `size` × `size`; only the lower triangle is read.
 */
export function findCholesky(
  matrix: Float64Array,
  size: number,
  tolerance = 1e-13,
): Float64Array | undefined {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = at(matrix, i * size + j);
      for (let k = 0; k < j; k++) sum -= at(factor, i * size + k) * at(factor, j * size + k);
      if (i !== j) {
        factor[i * size + j] = sum / at(factor, j * size + j);
      } else if (sum > tolerance * Math.abs(at(matrix, i * size + i))) {
        factor[i * size + i] = Math.sqrt(sum);
      } else {
        return undefined;
      }
    }
  }
  return factor;
}

/** Solves L Lᵀ x = b for the factor L of {@link findCholesky}. */
export function solveCholesky(factor: Float64Array, size: number, right: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(right);
  for (let i = 0; i < size; i++) {
    let sum = at(x, i);
    for (let k = 0; k < i; k++) sum -= at(factor, i * size + k) * at(x, k);
    x[i] = sum / at(factor, i * size + i);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = at(x, i);
    for (let k = i + 1; k < size; k++) sum -= at(factor, k * size + i) * at(x, k);
    x[i] = sum / at(factor, i * size + i);
  }
  return x;
}

/** (L Lᵀ)⁻¹, row-major and exactly symmetric. */
export function invertCholesky(factor: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  const unit = new Float64Array(size);
  for (let column = 0; column < size; column++) {
    unit.fill(0);
    unit[column] = 1;
    const solved = solveCholesky(factor, size, unit);
    for (let row = column; row < size; row++) {
      inverse[row * size + column] = at(solved, row);
      inverse[column * size + row] = at(solved, row);
    }
  }
  return inverse;
}

/** A·B·A for symmetric row-major matrices A (bread) and B (meat). */
export function sandwich(bread: Float64Array, meat: Float64Array, size: number): Float64Array {
  return multiply(multiply(bread, meat, size), bread, size);
}

function multiply(left: Float64Array, right: Float64Array, size: number): Float64Array {
  const product = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const scale = at(left, i * size + k);
      for (let j = 0; j < size; j++) {
        product[i * size + j] = at(product, i * size + j) + scale * at(right, k * size + j);
      }
    }
  }
  return product;
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}
