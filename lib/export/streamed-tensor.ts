import { FlmError } from "../errors.ts";
import type { WeightSource } from "./weight-source.ts";

/** A tensor that is made while it is written, so that no model has to fit into memory. */
export interface StreamedTensor {
  name: string;
  shape: readonly number[];
  /** Its values in row-major order. A piece may be reused by the next one. */
  pieces(): Iterable<Float32Array>;
}

/** Values of a piece, where whole rows allow it. */
const PIECE_VALUES = 1 << 20;

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A matrix, or with one row a vector, multiplied by `scale`. */
export function copied(
  source: WeightSource,
  from: string,
  name: string,
  { scale = 1, keepMatrix = false }: { scale?: number; keepMatrix?: boolean } = {},
): StreamedTensor {
  const { rows, cols } = sizeOf(source, from);
  return {
    name,
    shape: rows === 1 && !keepMatrix ? [cols] : [rows, cols],
    *pieces() {
      const step = Math.max(1, Math.floor(PIECE_VALUES / cols));
      for (let row = 0; row < rows; row += step) {
        const values = source.read(from, row, Math.min(step, rows - row));
        if (scale !== 1) for (let i = 0; i < values.length; i++) values[i]! *= scale;
        yield values;
      }
    },
  };
}

/**
 * The same rows in another order: row r is row `sourceRow(r)` of the source, which stays within blocks of
 * `block_rows` rows.
 */
export function reordered(
  source: WeightSource,
  from: string,
  name: string,
  block_rows: number,
  sourceRow: (row: number) => number,
): StreamedTensor {
  const { rows, cols } = sizeOf(source, from);
  // A vector is a column of as many rows.
  const [height, width] = rows === 1 ? [cols, 1] : [rows, cols];
  return {
    name,
    shape: rows === 1 ? [cols] : [rows, cols],
    *pieces() {
      const whole = rows === 1 ? source.read(from, 0, 1) : null;
      for (let first = 0; first < height; first += block_rows) {
        const block = whole
          ? whole.subarray(first, first + block_rows)
          : source.read(from, first, block_rows);
        const values = new Float32Array(block.length);
        for (let row = 0; row < block_rows; row++) {
          const at = (sourceRow(first + row) - first) * width;
          values.set(block.subarray(at, at + width), row * width);
        }
        yield values;
      }
    },
  };
}

/** Matrices [out, in] side by side as one [in, sum of out]; vectors behind one another. */
export function transposed(
  source: WeightSource,
  from: readonly string[],
  name: string,
): StreamedTensor {
  const sizes = from.map((one) => sizeOf(source, one));
  const isVector = sizes.every(({ rows }) => rows === 1);
  if (isVector) {
    const length = sizes.reduce((sum, { cols }) => sum + cols, 0);
    return {
      name,
      shape: [length],
      *pieces() {
        for (const one of from) yield source.read(one, 0, 1);
      },
    };
  }
  const [{ cols: inputs }] = sizes as [{ rows: number; cols: number }];
  const outputs = sizes.reduce((sum, { rows }) => sum + rows, 0);
  return {
    name,
    shape: [inputs, outputs],
    *pieces() {
      const matrices = from.map((one, i) => source.read(one, 0, sizes[i]!.rows));
      const step = Math.max(1, Math.floor(PIECE_VALUES / outputs));
      for (let first = 0; first < inputs; first += step) {
        const count = Math.min(step, inputs - first);
        const values = new Float32Array(count * outputs);
        let column = 0;
        for (const [i, matrix] of matrices.entries()) {
          const { rows } = sizes[i]!;
          for (let row = 0; row < rows; row++, column++)
            for (let input = 0; input < count; input++)
              values[input * outputs + column] = matrix[row * inputs + first + input]!;
        }
        yield values;
      }
    },
  };
}

/**
 * Columns `begin` to `end` of a matrix [in, out] as a matrix [end - begin, in]: what `transposed` undoes. Of a vector
 * the values `begin` to `end`.
 */
export function transposedPart(
  source: WeightSource,
  from: string,
  name: string,
  begin: number,
  end: number,
): StreamedTensor {
  const { rows: inputs, cols } = sizeOf(source, from);
  const outputs = end - begin;
  if (inputs === 1)
    return {
      name,
      shape: [outputs],
      *pieces() {
        yield source.read(from, 0, 1).subarray(begin, end);
      },
    };
  return {
    name,
    shape: [outputs, inputs],
    *pieces() {
      const matrix = source.read(from, 0, inputs);
      const step = Math.max(1, Math.floor(PIECE_VALUES / inputs));
      for (let first = begin; first < end; first += step) {
        const count = Math.min(step, end - first);
        const values = new Float32Array(count * inputs);
        for (let input = 0; input < inputs; input++)
          for (let i = 0; i < count; i++)
            values[i * inputs + input] = matrix[input * cols + first + i]!;
        yield values;
      }
    },
  };
}

/** Values that are no weights of ours. */
export function vector(name: string, values: Float32Array): StreamedTensor {
  return {
    name,
    shape: [values.length],
    *pieces() {
      yield values;
    },
  };
}

/** What a format demands and the model does without, such as biases. */
export function zeros(name: string, length: number): StreamedTensor {
  return vector(name, new Float32Array(length));
}

function sizeOf(source: WeightSource, name: string): { rows: number; cols: number } {
  const size = source.sizeOf(name);
  if (size) return size;
  throw new FlmError("CHECKPOINT_INVALID", `there is no tensor ${name} in the files`, {
    hint: "the config beside the weights is of another model; restore the one that belongs to them",
  });
}
