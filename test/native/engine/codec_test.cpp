// The bytes are those of lib/native/encode.ts: test/fixtures/plans/cases.ts says what they hold.
#include "engine/codec.h"

#include "temporary_file.h"
#include "test.h"

namespace flm {
namespace {

std::string message_of(auto&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::vector<uint8_t> fixture(const char* name) {
  return test::read_whole_file(std::string(FLM_TEST_DIR "/fixtures/plans/") + name);
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

FLM_TEST(codec_reads_the_engine_spec_that_typescript_writes) {
  const EngineSpec spec = read_engine_spec(fixture("engine-spec.bin"));
  CHECK(spec.device == DeviceKind::cuda);
  CHECK_EQ(spec.device_index, 3);
  CHECK_EQ(spec.num_threads, 5);
  CHECK(spec.precision == Precision::bf16);
  CHECK(spec.int8_weights);
  CHECK_EQ(spec.shape.num_layers, 2);
  CHECK_EQ(spec.shape.hidden_size, 48);
  CHECK_EQ(spec.shape.num_attention_heads, 6);
  CHECK_EQ(spec.shape.num_kv_heads, 3);
  CHECK_EQ(spec.shape.head_size, 8);
  CHECK_EQ(spec.shape.ffn_hidden_size, 80);
  CHECK_EQ(spec.shape.vocab_size, 259);
  CHECK_EQ(spec.shape.seq_length, 32);
  CHECK(spec.shape.norm == NormKind::layer_norm);
  CHECK(spec.shape.activation == Activation::gelu);
  CHECK(spec.shape.position == PositionKind::xpos);
  CHECK(spec.shape.bias);
  CHECK(!spec.shape.tie_embeddings);
  CHECK_EQ(spec.shape.norm_eps, 1e-5);
  CHECK_EQ(spec.shape.rope_theta, 10000);
  CHECK(spec.shape.rope_divisors == std::vector<double>({1, 1.5, 7, 8}));
  CHECK_EQ(spec.shape.input_mult, 1.5);
  CHECK_EQ(spec.shape.logit_mult, 0.25);
  CHECK_EQ(spec.shape.attention_scale, 0.125);
  CHECK_EQ(spec.shape.embedding_grad_mult, 0.75);
  CHECK_EQ(spec.micro_batch_size, 4);
  CHECK(spec.one_micro_batch);
  CHECK(spec.recompute == Recompute::full);
  CHECK_EQ(spec.adam_beta1, 0.9);
  CHECK_EQ(spec.adam_beta2, 0.95);
  CHECK_EQ(spec.adam_eps, 1e-8);
  CHECK_EQ(spec.clip_grad, 1.25);
  CHECK(spec.state_precision == Precision::bf16);
  CHECK(!spec.trainable);
  CHECK_EQ(spec.parameters.size(), 2u);
  CHECK_EQ(spec.parameters.at(1).name, "layers.0.norm1.gain");
  CHECK_EQ(spec.parameters.at(0).rows, 259);
  CHECK_EQ(spec.parameters.at(0).cols, 48);
  CHECK_EQ(spec.parameters.at(1).lr_mult, 0.5);
  CHECK_EQ(spec.parameters.at(0).weight_decay, 0.1);
  CHECK(spec.masks.hidden == std::vector<uint8_t>({0, 0, 1}));
  CHECK(spec.masks.ffn == std::vector<uint8_t>({1}));
  CHECK(spec.masks.heads == std::vector<uint8_t>({0, 1}));
  CHECK(spec.masks.kv_heads.empty());
  CHECK(spec.masks.layers == std::vector<uint8_t>({0, 1, 0, 1}));
  CHECK_EQ(spec.mesh.tensor_size, 2);
  CHECK_EQ(spec.mesh.data_size, 3);
  CHECK_EQ(spec.mesh.pipeline_size, 4);
  CHECK_EQ(spec.mesh.tensor_rank, 1);
  CHECK_EQ(spec.mesh.data_rank, 2);
  CHECK_EQ(spec.mesh.pipeline_rank, 3);
  CHECK(spec.mesh.sequence_parallel);
  CHECK_EQ(spec.mesh.chunks.size(), 2u);
  CHECK_EQ(spec.mesh.chunks.at(1).begin, 9);
  CHECK_EQ(spec.mesh.chunks.at(0).count, 2);
  CHECK(spec.mesh.slots == std::vector<int64_t>({5, 2}));
}

FLM_TEST(codec_reads_the_load_plan_that_typescript_writes) {
  const LoadPlan plan = read_load_plan(fixture("load-plan.bin"));
  CHECK_EQ(plan.seed, (uint64_t(1) << 40) + 7);
  CHECK_EQ(plan.files.at(0), "/tmp/模型/shard-0.safetensors");
  CHECK_EQ(plan.files.at(1), "b");
  CHECK(plan.maps.at(0) == std::vector<int32_t>({0, 1, -1, 0}));
  CHECK(plan.maps.at(1).empty());
  CHECK(plan.maps.at(2) == std::vector<int32_t>({2147483647}));
  CHECK(plan.means == std::vector<std::vector<int32_t>>({{2, 0}, {1}}));
  CHECK_EQ(plan.moves.size(), 2u);
  const Move& move = plan.moves.at(0);
  CHECK_EQ(move.tensor, "head.weight");
  CHECK(move.kind == StateKind::exp_avg_sq);
  CHECK_EQ(move.file, 1);
  CHECK_EQ(move.offset, (int64_t(1) << 33) + 8);
  CHECK(move.dtype == DType::f64);
  CHECK_EQ(move.source_rows, 3);
  CHECK_EQ(move.source_cols, 5);
  CHECK_EQ(move.row_map, 0);
  CHECK_EQ(move.col_map, -1);
  CHECK_EQ(move.scale, -0.5);
  CHECK(move.fill == FillKind::constant);
  CHECK_EQ(move.fill_value, 2.5);
  CHECK(plan.moves.at(1).dtype == DType::bf16);
  CHECK(plan.moves.at(1).fill == FillKind::normal);
  CHECK_EQ(plan.moves.at(1).file, -1);
  CHECK_EQ(plan.moves.at(1).col_map, 2);
  CHECK_EQ(plan.steps.at(0).tensor, "head.weight");
  CHECK_EQ(plan.steps.at(0).step, 1234);
}

FLM_TEST(codec_reads_the_save_plan_that_typescript_writes) {
  const SavePlan plan = read_save_plan(fixture("save-plan.bin"));
  CHECK_EQ(plan.files.size(), 2u);
  CHECK_EQ(plan.files.at(0).path, "/tmp/out/shard-0.safetensors");
  CHECK(plan.files.at(0).header == std::vector<uint8_t>({1, 2, 255}));
  CHECK_EQ(plan.files.at(0).items.at(0).tensor, "head.weight");
  CHECK(plan.files.at(0).items.at(0).kind == StateKind::exp_avg);
  CHECK(plan.files.at(0).items.at(1).kind == StateKind::master);
  CHECK(plan.files.at(1).items.empty());
  CHECK_EQ(plan.files.at(0).writer, 6);
}

FLM_TEST(codec_refuses_every_truncation) {
  const auto whole = fixture("load-plan.bin");
  CHECK(!whole.empty());
  for (size_t size = 0; size < whole.size(); ++size) {
    CHECK_THROWS(read_load_plan(std::span(whole).first(size)), ErrorCode::invalid_argument);
  }
}

FLM_TEST(codec_says_where_the_form_is_violated) {
  auto bytes = fixture("save-plan.bin");
  bytes.push_back(0);
  CHECK(contains(message_of([&] { read_save_plan(bytes); }), "1 bytes are left over"));

  bytes = fixture("save-plan.bin");
  CHECK(contains(message_of([&] { read_load_plan(bytes); }), "these bytes are no load plan"));

  bytes[4] = 9;
  CHECK(contains(message_of([&] { read_save_plan(bytes); }), "rebuild the addon"));

  bytes = fixture("save-plan.bin");
  bytes[11] = 0xff;  // the count of files
  CHECK(contains(message_of([&] { read_save_plan(bytes); }), "save plan, byte 12 (files): 42781"));

  bytes = fixture("engine-spec.bin");
  bytes[15] = 0x41;  // the device's f64 becomes a large number
  CHECK(contains(message_of([&] { read_engine_spec(bytes); }), "(device)"));
}

}  // namespace flm
