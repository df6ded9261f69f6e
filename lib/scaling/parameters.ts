import type { ModelShape } from "../config/shape.ts";

/**
 * What a tensor is to initialisation, muP and weight decay (rules in ./mup.ts):
 * embedding: tokens and positions; matrix: q, k, v, gate, up; residual_matrix: the two matrices that
 * write into the residual stream; vector: norms and biases; output: an untied head.
 */
export type ParameterClass = "embedding" | "matrix" | "residual_matrix" | "vector" | "output";

export interface ParameterInfo {
  readonly name: string;
  /** [rows, cols]; matrices are [out, in], vectors [1, n]. */
  readonly shape: readonly [rows: number, cols: number];
  readonly class: ParameterClass;
  /** constant: the value itself. normal: the deviation in units of the class's `init_std`. */
  readonly init: { readonly kind: "normal" | "constant"; readonly value: number };
}

const NORMAL = { kind: "normal", value: 1 } as const;

function constant(value: number): ParameterInfo["init"] {
  return { kind: "constant", value };
}

/** Every parameter tensor of a model, in the order in which checkpoints and optimizers list them. */
export function parameterTable(shape: ModelShape): ParameterInfo[] {
  const { hidden_size: hidden, vocab_size: vocab } = shape;
  const table: ParameterInfo[] = [
    { name: "embedding.weight", shape: [vocab, hidden], class: "embedding", init: NORMAL },
  ];
  if (shape.position_embedding === "learned")
    table.push({
      name: "position.weight",
      shape: [shape.seq_length, hidden],
      class: "embedding",
      init: NORMAL,
    });
  for (let i = 0; i < shape.num_layers; i++) table.push(...layerTable(shape, `layers.${i}`));
  table.push(...norm(shape, "final_norm"));
  if (!shape.tie_embeddings)
    table.push({ name: "head.weight", shape: [vocab, hidden], class: "output", init: NORMAL });
  return table;
}

/** Number of trained values; a tied head counts once. */
export function countParameters(shape: ModelShape): number {
  const layer = sizeOf(layerTable(shape, ""));
  const outside = sizeOf(parameterTable({ ...shape, num_layers: 0 }));
  return outside + shape.num_layers * layer;
}

function sizeOf(table: readonly ParameterInfo[]): number {
  return table.reduce((sum, { shape: [rows, cols] }) => sum + rows * cols, 0);
}

function layerTable(shape: ModelShape, prefix: string): ParameterInfo[] {
  const { hidden_size: hidden, ffn_hidden_size: ffn, head_size: headSize } = shape;
  const query = shape.num_attention_heads * headSize;
  const keyValue = shape.num_kv_heads * headSize;
  const attention = `${prefix}.attention`;
  const gate = shape.activation === "swiglu" ? [matrix(`${prefix}.ffn.gate`, ffn, hidden)] : [];
  const up = matrix(`${prefix}.ffn.up`, ffn, hidden);
  const biases = (matrices: readonly ParameterInfo[]) => (shape.bias ? matrices.map(biasOf) : []);
  const projections = [
    matrix(`${attention}.q`, query, hidden),
    matrix(`${attention}.k`, keyValue, hidden),
    matrix(`${attention}.v`, keyValue, hidden),
  ];
  const out = matrix(`${attention}.out`, hidden, query, "residual_matrix");
  const down = matrix(`${prefix}.ffn.down`, hidden, ffn, "residual_matrix");
  return [
    ...norm(shape, `${prefix}.norm1`),
    ...[...projections, ...biases(projections)],
    ...[out, ...biases([out])],
    ...norm(shape, `${prefix}.norm2`),
    ...[...gate, up, ...biases([...gate, up])],
    ...[down, ...biases([down])],
  ];
}

function matrix(
  stem: string,
  rows: number,
  cols: number,
  parameterClass: ParameterClass = "matrix",
): ParameterInfo {
  return { name: `${stem}.weight`, shape: [rows, cols], class: parameterClass, init: NORMAL };
}

/** The bias of a matrix: one value for each of its rows. */
function biasOf({ name, shape: [rows] }: ParameterInfo): ParameterInfo {
  return {
    name: name.replace(/weight$/, "bias"),
    shape: [1, rows],
    class: "vector",
    init: constant(0),
  };
}

/** A LayerNorm has a bias whatever `bias` says; an RMSNorm never has one. */
function norm({ norm: kind, hidden_size: hidden }: ModelShape, stem: string): ParameterInfo[] {
  const gain: ParameterInfo = {
    name: `${stem}.gain`,
    shape: [1, hidden],
    class: "vector",
    init: constant(1),
  };
  if (kind === "rms_norm") return [gain];
  return [gain, { ...gain, name: `${stem}.bias`, init: constant(0) }];
}
