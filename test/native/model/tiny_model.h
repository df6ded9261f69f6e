#pragma once
// Engines of small models on any backend, for whole-model tests.
#include <memory>
#include <string>
#include <vector>

#include "core/backend.h"
#include "engine/engine.h"

namespace flm::test {

struct Family {
  const char* name;
  ModelShape shape;
};

// flm, llama with grouped heads, gpt2; sizes are odd on purpose.
const std::vector<Family>& families();
// Llama with heads of 64 and a context of several attention tiles: the shape that fast kernels are made for.
ModelShape tiled_llama();
ModelShape tiny_flm();

EngineSpec engine_spec(const ModelShape& shape, Precision precision);

// Every parameter drawn as spread * Philox normal of (seed, name, index), gains around 1.
void randomise(Engine& engine, uint64_t seed, double spread);

// A batch that needs no token file: `count` micro-batches of rows of seq_length tokens.
std::vector<int32_t> random_tokens(int64_t count, int64_t vocab_size, uint64_t seed);

// A token file of the given tokens as one document, in a directory that the process removes when it ends.
std::string write_token_file(const std::vector<int32_t>& tokens);

// Every row of `micro_batches` taken from file 0, one after another, each a segment of its own.
std::vector<Piece> whole_rows(const EngineSpec& spec, int64_t micro_batches);

// Everything is being grown at once: the second half of each axis is new.
void mask_half(EngineSpec& spec);
inline constexpr Ramp kMidRamp{0.3, 0.4, 0.6, 0.7};

inline constexpr int64_t kMicroBatches = 2;
// An engine with drawn weights and a token file for kMicroBatches.
std::unique_ptr<Engine> ready_engine(Backend backend, const EngineSpec& spec);
// One step at a learning rate of zero: gradients without a change of the weights.
StepReport gradients(Engine& engine, const Ramp& ramp);
double mean_loss(Engine& engine, const Ramp& ramp);

}  // namespace flm::test
