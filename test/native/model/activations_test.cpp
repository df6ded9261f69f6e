// What Engine::activations shows of a model: the parts in order, and that they are parts of one sum.
#include "model/tiny_model.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

const std::vector<int32_t> kTokens{3, 1, 4, 1, 5};

FLM_TEST(activations_are_named_in_the_order_they_are_made) {
  for (const Family& family : families()) {
    const auto engine = ready_engine(oracle::make_backend(), engine_spec(family.shape, Precision::f64));
    const auto all = engine->activations(kTokens);
    std::vector<std::string> expected{"embedding"};
    for (int64_t i = 0; i < family.shape.num_layers; ++i)
      for (const char* part : {".attention", ".ffn", ""})
        expected.push_back("layers." + std::to_string(i) + part);
    expected.push_back("logits");
    CHECK_EQ(all.size(), expected.size());
    for (size_t i = 0; i < all.size(); ++i) {
      CHECK_EQ(all[i].name, expected[i]);
      CHECK_EQ(all[i].cols, i + 1 == all.size() ? family.shape.vocab_size : family.shape.hidden_size);
      CHECK_EQ(all[i].values.size(), kTokens.size() * size_t(all[i].cols));
    }
  }
}

FLM_TEST(branches_add_up_to_the_residual_stream_and_logits_are_the_models) {
  for (const Family& family : families()) {
    const auto engine = ready_engine(oracle::make_backend(), engine_spec(family.shape, Precision::f64));
    const auto all = engine->activations(kTokens);
    std::vector<float> stream = all[0].values;
    for (size_t i = 1; i + 1 < all.size(); i += 3)
      for (size_t j = 0; j < stream.size(); ++j) {
        stream[j] += all[i].values[j] + all[i + 1].values[j];
        CHECK_NEAR(stream[j], all[i + 2].values[j], 1e-5);
      }
    const auto logits = engine->logits(kTokens, {});
    for (size_t i = 0; i < logits.size(); ++i) CHECK_NEAR(all.back().values[i], logits[i], 1e-6);
  }
}

FLM_TEST(activations_refuse_tokens_that_the_model_has_not) {
  const ModelShape shape = tiny_flm();
  const auto engine = ready_engine(oracle::make_backend(), engine_spec(shape, Precision::f64));
  CHECK_THROWS(engine->activations({}), ErrorCode::invalid_argument);
  CHECK_THROWS(engine->activations({int32_t(shape.vocab_size)}), ErrorCode::invalid_argument);
  CHECK_THROWS(engine->activations(std::vector<int32_t>(size_t(shape.seq_length) + 1, 0)),
               ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace flm::test
