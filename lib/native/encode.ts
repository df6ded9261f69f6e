/**
 * Specs and plans in the binary form that native/engine/codec.cpp reads. The order of fields and of the
 * names in each list is the order in native/engine/spec.h and native/model/shape.h; a change here or
 * there raises both versions.
 */
import { ByteWriter } from "./byte-writer.ts";
import type {
  EngineSpec,
  LoadPlan,
  MeshSpec,
  ModelShape,
  Move,
  SavePlan,
  StateKind,
} from "./plans.ts";

const VERSION = 6;
/** Four ASCII letters, read as a little-endian number: "FLME", "FLML", "FLMS". */
const ENGINE_SPEC_MAGIC = 0x454d4c46;
const LOAD_PLAN_MAGIC = 0x4c4d4c46;
const SAVE_PLAN_MAGIC = 0x534d4c46;

const DEVICES = ["cpu", "cuda"] as const;
const PRECISIONS = ["f32", "bf16", "f64"] as const;
const RECOMPUTES = ["none", "selective", "full"] as const;
const NORMS = ["rms_norm", "layer_norm"] as const;
const ACTIVATIONS = ["swiglu", "gelu"] as const;
const POSITIONS = ["rope", "xpos", "learned"] as const;
const STATE_KINDS = ["master", "exp_avg", "exp_avg_sq"] as const;
const SOURCE_DTYPES = ["f32", "bf16", "f64"] as const;
const FILLS = ["constant", "normal"] as const;

export function encodeEngineSpec(spec: EngineSpec): Uint8Array {
  const out = new ByteWriter(ENGINE_SPEC_MAGIC, VERSION);
  out.enumerator(spec.device, DEVICES);
  out.number(spec.device_index);
  out.number(spec.num_threads);
  out.enumerator(spec.precision, PRECISIONS);
  out.boolean(spec.int8_weights);
  writeShape(out, spec.shape);
  out.number(spec.micro_batch_size);
  out.boolean(spec.one_micro_batch);
  out.enumerator(spec.recompute, RECOMPUTES);
  out.number(spec.adam_beta1);
  out.number(spec.adam_beta2);
  out.number(spec.adam_eps);
  out.number(spec.clip_grad);
  out.enumerator(spec.state_precision, PRECISIONS);
  out.boolean(spec.trainable);
  out.list(spec.parameters, (parameter) => {
    out.string(parameter.name);
    out.number(parameter.rows);
    out.number(parameter.cols);
    out.number(parameter.lr_mult);
    out.number(parameter.weight_decay);
  });
  out.bytes(spec.masks.hidden);
  out.bytes(spec.masks.ffn);
  out.bytes(spec.masks.heads);
  out.bytes(spec.masks.kv_heads);
  out.bytes(spec.masks.layers);
  writeMesh(out, spec.mesh);
  return out.finish();
}

export function encodeLoadPlan(plan: LoadPlan): Uint8Array {
  const out = new ByteWriter(LOAD_PLAN_MAGIC, VERSION);
  out.seed(plan.seed);
  out.list(plan.files, (path) => out.string(path));
  out.list(plan.maps, (map) => out.int32s(map));
  out.list(plan.means, (rows) => out.int32s(rows));
  out.list(plan.moves, (move) => writeMove(out, move));
  out.list(plan.steps, ({ tensor, step }) => {
    out.string(tensor);
    out.number(step);
  });
  return out.finish();
}

export function encodeSavePlan(plan: SavePlan): Uint8Array {
  const out = new ByteWriter(SAVE_PLAN_MAGIC, VERSION);
  out.list(plan.files, (file) => {
    out.string(file.path);
    out.bytes(file.header);
    out.list(file.items, (item: { tensor: string; kind: StateKind }) => {
      out.string(item.tensor);
      out.enumerator(item.kind, STATE_KINDS);
    });
    out.number(file.writer);
  });
  return out.finish();
}

function writeShape(out: ByteWriter, shape: ModelShape): void {
  out.number(shape.num_layers);
  out.number(shape.hidden_size);
  out.number(shape.num_attention_heads);
  out.number(shape.num_kv_heads);
  out.number(shape.head_size);
  out.number(shape.ffn_hidden_size);
  out.number(shape.vocab_size);
  out.number(shape.seq_length);
  out.enumerator(shape.norm, NORMS);
  out.enumerator(shape.activation, ACTIVATIONS);
  out.enumerator(shape.position, POSITIONS);
  out.boolean(shape.bias);
  out.boolean(shape.tie_embeddings);
  out.number(shape.norm_eps);
  out.number(shape.rope_theta);
  out.list(shape.rope_divisors, (divisor) => out.number(divisor));
  out.number(shape.input_mult);
  out.number(shape.logit_mult);
  out.number(shape.attention_scale);
  out.number(shape.embedding_grad_mult);
}

function writeMesh(out: ByteWriter, mesh: MeshSpec): void {
  out.number(mesh.tensor_parallel_size);
  out.number(mesh.data_parallel_size);
  out.number(mesh.pipeline_parallel_size);
  out.number(mesh.tensor_rank);
  out.number(mesh.data_rank);
  out.number(mesh.pipeline_rank);
  out.boolean(mesh.sequence_parallel);
  out.list(mesh.chunks, ({ first, count }) => {
    out.number(first);
    out.number(count);
  });
  out.list(mesh.slots, (slots) => out.number(slots));
}

function writeMove(out: ByteWriter, move: Move): void {
  out.string(move.tensor);
  out.enumerator(move.kind, STATE_KINDS);
  out.number(move.file);
  out.number(move.offset);
  out.enumerator(move.dtype, SOURCE_DTYPES);
  out.number(move.source_rows);
  out.number(move.source_cols);
  out.number(move.row_map);
  out.number(move.col_map);
  out.number(move.scale);
  out.enumerator(move.fill, FILLS);
  out.number(move.fill_value);
}
