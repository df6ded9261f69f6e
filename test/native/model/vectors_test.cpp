// The published small model and its growth, through the real model/ (spec "FLM", section 7.3): pre-norm GPT
// with xPos, every tensor filled by base + amplitude * sin(seed + 1.7 k), the old one copied into leading
// corners.
#include <cmath>
#include <map>

#include "cpu/cpu_backend.h"
#include "model/tiny_model.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

using Values = std::vector<double>;

Values fill(int64_t count, double seed, double amplitude = 0.3, double base = 0) {
  Values values;
  for (int64_t k = 0; k < count; ++k) values.push_back(base + amplitude * std::sin(seed + 1.7 * double(k)));
  return values;
}

struct Sizes {
  int64_t V, h, heads, d, f, layers;
};
constexpr Sizes kSmall{5, 4, 2, 2, 8, 1}, kBig{5, 6, 3, 2, 12, 2};

ModelShape shape_of(const Sizes& z) {
  ModelShape s = tiny_flm();
  s.num_layers = z.layers;
  s.hidden_size = z.h;
  s.num_attention_heads = s.num_kv_heads = z.heads;
  s.head_size = z.d;
  s.ffn_hidden_size = z.f;
  s.vocab_size = z.V;
  s.seq_length = 3;
  s.input_mult = 1;
  s.logit_mult = 2;
  s.attention_scale = 1 / std::sqrt(double(z.d));
  return s;
}

std::map<std::string, Values> tensors(const Sizes& z, double seed) {
  std::map<std::string, Values> all;
  const int64_t A = z.heads * z.d;
  all["embedding.weight"] = fill(z.V * z.h, seed);
  all["final_norm.gain"] = fill(z.h, seed + .05, .1, 1);
  all["final_norm.bias"] = fill(z.h, seed + .06, .1);
  for (int64_t l = 0; l < z.layers; ++l) {
    const std::string at = "layers." + std::to_string(l) + ".";
    const double s = seed + 10 * double(l + 1);
    all[at + "norm1.gain"] = fill(z.h, s + .1, .1, 1);
    all[at + "norm1.bias"] = fill(z.h, s + .2, .1);
    all[at + "attention.q.weight"] = fill(A * z.h, s + .3);
    all[at + "attention.q.bias"] = fill(A, s + .31, .1);
    all[at + "attention.k.weight"] = fill(A * z.h, s + .4);
    all[at + "attention.k.bias"] = fill(A, s + .41, .1);
    all[at + "attention.v.weight"] = fill(A * z.h, s + .5);
    all[at + "attention.v.bias"] = fill(A, s + .51, .1);
    all[at + "attention.out.weight"] = fill(z.h * A, s + .6);
    all[at + "attention.out.bias"] = fill(z.h, s + .61, .1);
    all[at + "norm2.gain"] = fill(z.h, s + .7, .1, 1);
    all[at + "norm2.bias"] = fill(z.h, s + .71, .1);
    all[at + "ffn.up.weight"] = fill(z.f * z.h, s + .8);
    all[at + "ffn.up.bias"] = fill(z.f, s + .81, .1);
    all[at + "ffn.down.weight"] = fill(z.h * z.f, s + .9);
    all[at + "ffn.down.bias"] = fill(z.h, s + .91, .1);
  }
  return all;
}

void write(Engine& engine, const std::map<std::string, Values>& values) {
  for (const TensorInfo& t : engine.tensors()) engine.write_master(t.name, values.at(t.name));
}

// Writes the small model's tensors into the leading corners of the big one's.
void write_grown(Engine& big, const Engine& small) {
  auto grown = tensors(kBig, 50);
  const auto old = tensors(kSmall, 1);
  for (const TensorInfo& from : small.tensors())
    for (const TensorInfo& to : big.tensors())
      if (from.name == to.name)
        for (int64_t r = 0; r < from.rows; ++r)
          for (int64_t c = 0; c < from.cols; ++c)
            grown[to.name][size_t(r * to.cols + c)] = old.at(from.name)[size_t(r * from.cols + c)];
  write(big, grown);
}

EngineSpec grown_spec(Precision precision) {
  EngineSpec spec = engine_spec(shape_of(kBig), precision);
  spec.micro_batch_size = 1;
  spec.masks.hidden = {0, 0, 0, 0, 1, 1};
  spec.masks.ffn = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
  spec.masks.heads = spec.masks.kv_heads = {0, 0, 1};
  spec.masks.layers = {0, 1};
  return spec;
}

EngineSpec small_spec(Precision precision) {
  EngineSpec spec = engine_spec(shape_of(kSmall), precision);
  spec.micro_batch_size = 1;
  return spec;
}

void check_last(const Values& logits, const Values& expected, double tolerance) {
  for (size_t v = 0; v < 5; ++v) CHECK_NEAR(logits[10 + v], expected[v], tolerance);
}

const std::vector<int32_t> kIds{0, 3, 1};

void check_vectors(Backend (*make)(), Precision precision, double tolerance) {
  Engine small(make(), small_spec(precision)), big(make(), grown_spec(precision));
  write(small, tensors(kSmall, 1));
  write_grown(big, small);

  const Values base = small.logits(kIds, {});
  const Values expected{1.4519776883, 0.9045163766, 0.1207908473, -0.6944858576, -1.3283593707,
                        1.1066433946, 1.6298813445, 1.7273861063, 1.373688947,   0.6611773397,
                        1.6114869874, 1.27563862,   0.6065870424, -0.2209081154, -0.9907009647};
  for (size_t i = 0; i < expected.size(); ++i) CHECK_NEAR(base[i], expected[i], tolerance);
  const Values at_zero = big.logits(kIds, {0, 0, 0, 0});
  for (size_t i = 0; i < base.size(); ++i) CHECK_NEAR(at_zero[i], base[i], tolerance);

  const auto at = [&](Ramp ramp) { return big.logits(kIds, ramp); };
  check_last(at({.5, .5, .5, .5}), {1.9328912435, 1.7926002931, 1.0785237067, 0.9091825166, -0.5727036817},
             tolerance);
  check_last(at({1, 1, 1, 1}), {2.1578468182, 1.8551905396, 1.4967009052, 1.3964503757, -0.4246926689},
             tolerance);
  check_last(at({.5, 0, 0, 0}), {1.8869393242, 1.5068289735, 0.339735116, 0.4452858602, -1.1168633414},
             tolerance);
  check_last(at({0, .5, 0, 0}), {1.6399688692, 1.3426310846, 0.6945913217, -0.1348791808, -0.9291185643},
             tolerance);
  check_last(at({0, 0, .5, 0}), {1.649895184, 1.2750442238, 0.5671453125, -0.288894801, -1.0694741425},
             tolerance);
  check_last(at({0, 0, 0, .5}), {1.4999238279, 1.5173291969, 1.1384005638, 0.4621159894, -0.3348756009},
             tolerance);
}

FLM_TEST(growth_vectors_in_double) { check_vectors(&oracle::make_backend, Precision::f64, 1e-9); }

FLM_TEST(growth_vectors_in_f32) {
  check_vectors([] { return cpu::make_backend(2); }, Precision::f32, 2e-5);
}

// muP: the logit multiplier falls by old/new width, the final norm's gain and bias rise by new/old.
FLM_TEST(growth_compensates_the_logit_multiplier) {
  EngineSpec spec = grown_spec(Precision::f64);
  spec.shape.logit_mult = 2 / 1.5;
  Engine small(oracle::make_backend(), small_spec(Precision::f64)), big(oracle::make_backend(), spec);
  write(small, tensors(kSmall, 1));
  write_grown(big, small);
  for (const char* name : {"final_norm.gain", "final_norm.bias"}) {
    Values values = big.read_state(name, StateKind::master);
    for (double& value : values) value *= 1.5;
    big.write_master(name, values);
  }
  const Values base = small.logits(kIds, {}), grown = big.logits(kIds, {0, 0, 0, 0});
  for (size_t i = 0; i < base.size(); ++i) CHECK_NEAR(grown[i], base[i], 1e-14);
}

}  // namespace
}  // namespace flm::test
