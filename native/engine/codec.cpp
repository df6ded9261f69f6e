#include "engine/codec.h"

#include "engine/byte_reader.h"

namespace flm {
namespace {

// Raised on both sides when a field is added, removed or moved.
constexpr uint32_t kVersion = 6;
constexpr uint32_t kEngineSpecMagic = 0x454d4c46;  // "FLME"
constexpr uint32_t kLoadPlanMagic = 0x4c4d4c46;    // "FLML"
constexpr uint32_t kSavePlanMagic = 0x534d4c46;    // "FLMS"

constexpr int64_t kSourceDTypes = 3;  // f32, bf16, f64: the first three of DType

ModelShape read_shape(ByteReader& in) {
  ModelShape shape;
  shape.num_layers = in.integer("num_layers");
  shape.hidden_size = in.integer("hidden_size");
  shape.num_attention_heads = in.integer("num_attention_heads");
  shape.num_kv_heads = in.integer("num_kv_heads");
  shape.head_size = in.integer("head_size");
  shape.ffn_hidden_size = in.integer("ffn_hidden_size");
  shape.vocab_size = in.integer("vocab_size");
  shape.seq_length = in.integer("seq_length");
  shape.norm = in.enumerator<NormKind>("norm", 2);
  shape.activation = in.enumerator<Activation>("activation", 2);
  shape.position = in.enumerator<PositionKind>("position", 3);
  shape.bias = in.boolean("bias");
  shape.tie_embeddings = in.boolean("tie_embeddings");
  shape.norm_eps = in.number("norm_eps");
  shape.rope_theta = in.number("rope_theta");
  shape.rope_divisors = in.values<double>("rope_divisors");
  shape.input_mult = in.number("input_mult");
  shape.logit_mult = in.number("logit_mult");
  shape.attention_scale = in.number("attention_scale");
  shape.embedding_grad_mult = in.number("embedding_grad_mult");
  return shape;
}

ParameterSpec read_parameter(ByteReader& in) {
  ParameterSpec parameter;
  parameter.name = in.string("parameters.name");
  parameter.rows = in.integer("parameters.rows");
  parameter.cols = in.integer("parameters.cols");
  parameter.lr_mult = in.number("parameters.lr_mult");
  parameter.weight_decay = in.number("parameters.weight_decay");
  return parameter;
}

GrowthMasks read_masks(ByteReader& in) {
  GrowthMasks masks;
  masks.hidden = in.values<uint8_t>("masks.hidden");
  masks.ffn = in.values<uint8_t>("masks.ffn");
  masks.heads = in.values<uint8_t>("masks.heads");
  masks.kv_heads = in.values<uint8_t>("masks.kv_heads");
  masks.layers = in.values<uint8_t>("masks.layers");
  return masks;
}

MeshSpec read_mesh(ByteReader& in) {
  MeshSpec mesh;
  mesh.tensor_size = in.integer("mesh.tensor_parallel_size");
  mesh.data_size = in.integer("mesh.data_parallel_size");
  mesh.pipeline_size = in.integer("mesh.pipeline_parallel_size");
  mesh.tensor_rank = in.integer("mesh.tensor_rank");
  mesh.data_rank = in.integer("mesh.data_rank");
  mesh.pipeline_rank = in.integer("mesh.pipeline_rank");
  mesh.sequence_parallel = in.boolean("mesh.sequence_parallel");
  mesh.chunks = in.list("mesh.chunks", [&] {
    const int64_t first = in.integer("mesh.chunks.first");
    return Range{first, in.integer("mesh.chunks.count")};
  });
  mesh.slots = in.list("mesh.slots", [&] { return in.integer("mesh.slots"); });
  return mesh;
}

Move read_move(ByteReader& in) {
  Move move;
  move.tensor = in.string("moves.tensor");
  move.kind = in.enumerator<StateKind>("moves.kind", 3);
  move.file = in.integer("moves.file");
  move.offset = in.integer("moves.offset");
  move.dtype = in.enumerator<DType>("moves.dtype", kSourceDTypes);
  move.source_rows = in.integer("moves.source_rows");
  move.source_cols = in.integer("moves.source_cols");
  move.row_map = in.integer("moves.row_map");
  move.col_map = in.integer("moves.col_map");
  move.scale = in.number("moves.scale");
  move.fill = in.enumerator<FillKind>("moves.fill", 2);
  move.fill_value = in.number("moves.fill_value");
  return move;
}

TensorStep read_tensor_step(ByteReader& in) {
  TensorStep step;
  step.tensor = in.string("steps.tensor");
  step.step = in.integer("steps.step");
  return step;
}

SaveItem read_save_item(ByteReader& in) {
  SaveItem item;
  item.tensor = in.string("items.tensor");
  item.kind = in.enumerator<StateKind>("items.kind", 3);
  return item;
}

SaveFile read_save_file(ByteReader& in) {
  SaveFile file;
  file.path = in.string("files.path");
  file.header = in.values<uint8_t>("files.header");
  file.items = in.list("files.items", [&] { return read_save_item(in); });
  file.writer = in.integer("files.writer");
  return file;
}

}  // namespace

EngineSpec read_engine_spec(std::span<const uint8_t> bytes) {
  ByteReader in(bytes, "engine spec", kEngineSpecMagic, kVersion);
  EngineSpec spec;
  spec.device = in.enumerator<DeviceKind>("device", 2);
  spec.device_index = in.integer("device_index");
  spec.num_threads = in.integer("num_threads");
  spec.precision = in.enumerator<Precision>("precision", 3);
  spec.int8_weights = in.boolean("int8_weights");
  spec.shape = read_shape(in);
  spec.micro_batch_size = in.integer("micro_batch_size");
  spec.one_micro_batch = in.boolean("one_micro_batch");
  spec.recompute = in.enumerator<Recompute>("recompute", 3);
  spec.adam_beta1 = in.number("adam_beta1");
  spec.adam_beta2 = in.number("adam_beta2");
  spec.adam_eps = in.number("adam_eps");
  spec.clip_grad = in.number("clip_grad");
  spec.state_precision = in.enumerator<Precision>("state_precision", 2);
  spec.trainable = in.boolean("trainable");
  spec.parameters = in.list("parameters", [&] { return read_parameter(in); });
  spec.masks = read_masks(in);
  spec.mesh = read_mesh(in);
  in.finish();
  return spec;
}

LoadPlan read_load_plan(std::span<const uint8_t> bytes) {
  ByteReader in(bytes, "load plan", kLoadPlanMagic, kVersion);
  LoadPlan plan;
  plan.seed = in.seed("seed");
  plan.files = in.list("files", [&] { return in.string("files"); });
  plan.maps = in.list("maps", [&] { return in.values<int32_t>("maps"); });
  plan.means = in.list("means", [&] { return in.values<int32_t>("means"); });
  plan.moves = in.list("moves", [&] { return read_move(in); });
  plan.steps = in.list("steps", [&] { return read_tensor_step(in); });
  in.finish();
  return plan;
}

SavePlan read_save_plan(std::span<const uint8_t> bytes) {
  ByteReader in(bytes, "save plan", kSavePlanMagic, kVersion);
  SavePlan plan;
  plan.files = in.list("files", [&] { return read_save_file(in); });
  in.finish();
  return plan;
}

}  // namespace flm
