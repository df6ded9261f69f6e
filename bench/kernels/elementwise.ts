import type { ModelShape } from "../../lib/config/shape.ts";
import { type Launch, rowThreads } from "./launch.ts";
import { headRows, layerMatrices } from "./products.ts";

/** Parts that the sums over rows are cut into: native/cuda/partial_sums.h. */
const rowParts = (rows: number) => Math.min(512, Math.max(1, Math.ceil(rows / 8)));

/**
 * Everything between the products: norms, activations, biases, embeddings and the loss. FLOPs are the operations of the
 * source, an exponential or a root counting as one; they are far from being what limits these kernels.
 */
export function elementwiseLaunches(shape: ModelShape, tokens: number): Launch[] {
  const { hidden_size: hidden, num_layers: layers } = shape;
  return [
    embeddingForward(shape, tokens),
    ...norms(shape.norm, tokens, hidden, 2 * layers + 1),
    ...activations(shape, tokens),
    ...(shape.bias ? layerMatrices(shape).flatMap((matrix) => biases(matrix, tokens)) : []),
    ...loss(shape, tokens),
    ...embeddingBackward(shape, tokens),
  ];
}

const common = { unit: "vector", dynamic_shared_bytes: 0 } as const;

function norms(kind: ModelShape["norm"], rows: number, columns: number, count: number): Launch[] {
  const sums = kind === "layer_norm" ? 2 : 1; // of the gradients of gain and bias; statistics of a row as many
  const size = rows * columns;
  const partials = sums * rowParts(rows) * columns;
  const one = { ...common, count, threads: rowThreads(columns) };
  return [
    {
      ...one,
      op: `${kind}_fwd`,
      kernel: `${kind}_fwd_kernel<bf16, 8>`,
      flops: (kind === "layer_norm" ? 8 : 5) * size,
      bytes: 4 * size + 4 * sums * rows,
    },
    {
      ...one,
      op: `${kind}_bwd`,
      kernel: `${kind}_bwd_kernel<bf16, 8>`,
      flops: (kind === "layer_norm" ? 14 : 11) * size,
      bytes: 8 * size + 4 * sums * rows + 4 * partials, // x, dy and the residual's gradient; dx
      dynamic_shared_bytes: 4 * columns * sums,
    },
    addPartials(`${kind}_bwd: partial sums`, count * sums, partials / sums, columns),
  ];
}

function addPartials(op: string, count: number, partials: number, columns: number): Launch {
  const kernel = "add_partial_sums_kernel";
  const bytes = 4 * partials + 8 * columns;
  return { ...common, op, kernel, count, flops: partials, bytes, threads: 1024 };
}

function activations(shape: ModelShape, tokens: number): Launch[] {
  const kind = shape.activation;
  const size = tokens * shape.ffn_hidden_size;
  const one = { ...common, count: shape.num_layers, threads: 256 };
  const [forward, backward] = kind === "swiglu" ? [6, 10] : [4, 6]; // bytes of an element of the FFN
  return [
    {
      op: `${kind}_fwd`,
      kernel: `${kind}_fwd_kernel<bf16, 8>`,
      flops: 8 * size,
      bytes: forward * size,
    },
    {
      op: `${kind}_bwd`,
      kernel: `${kind}_bwd_kernel<bf16, 8>`,
      flops: 16 * size,
      bytes: backward * size,
    },
  ].map((launch) => ({ ...one, ...launch }));
}

/** A bias is rounded to bf16 for cuBLASLt's epilogue; its gradient is a sum over rows. */
function biases(
  { name, out, count }: { name: string; out: number; count: number },
  tokens: number,
): Launch[] {
  const partials = rowParts(tokens) * out;
  const one = { ...common, count, threads: 256 };
  return [
    {
      ...one,
      op: `cast, bias of ${name}`,
      kernel: "cast_kernel<bf16, float, 8>",
      flops: 0,
      bytes: 6 * out,
    },
    {
      ...one,
      op: `bias_bwd, ${name}`,
      kernel: "bias_bwd_kernel<bf16, 8>",
      flops: tokens * out,
      bytes: 2 * tokens * out + 4 * partials,
    },
    addPartials(`bias_bwd, ${name}: partial sums`, count, partials, out),
  ];
}

function loss({ vocab_size: vocab }: ModelShape, tokens: number): Launch[] {
  const count = Math.ceil(tokens / headRows(vocab, tokens));
  const rows = tokens / count;
  const one = { ...common, count, threads: 256 };
  return [
    {
      ...one,
      op: "cross_entropy_fwd",
      kernel: "cross_entropy_fwd_kernel<bf16, 8>",
      flops: 3 * rows * vocab,
      bytes: 2 * rows * vocab + 16 * rows,
    },
    {
      ...one,
      op: "cross_entropy_bwd: loss",
      kernel: "cross_entropy_loss_kernel",
      flops: 5 * rows,
      bytes: 20 * rows,
    },
    {
      ...one,
      op: "cross_entropy_bwd",
      kernel: "cross_entropy_bwd_kernel<bf16, bf16, 8>",
      flops: 4 * rows * vocab,
      bytes: 4 * rows * vocab + 20 * rows,
    },
  ];
}

function embeddingForward(shape: ModelShape, tokens: number): Launch {
  const size = tokens * shape.hidden_size;
  const tables = shape.position_embedding === "learned" ? 2 : 1;
  return {
    ...common,
    op: "embedding_fwd",
    kernel: "embedding_fwd_kernel<bf16, 8>",
    count: 1,
    flops: tables * size,
    bytes: 2 * size + 2 * tables * size,
    threads: 256,
  };
}

/** Every token of the batch taken as different, as far as the vocabulary goes: the most that the gradient can move. */
function embeddingBackward(shape: ModelShape, tokens: number): Launch[] {
  const size = tokens * shape.hidden_size;
  const table = (op: string, rows: number): Launch => ({
    ...common,
    op,
    kernel: "embedding_bwd_kernel<bf16, 8>",
    count: 1,
    flops: size,
    bytes: 2 * size + 8 * Math.min(rows, tokens) * shape.hidden_size,
    threads: 256,
  });
  const positions = shape.position_embedding === "learned";
  return [
    table("embedding_bwd", shape.vocab_size),
    ...(positions ? [table("embedding_bwd, positions", shape.seq_length)] : []),
  ];
}
