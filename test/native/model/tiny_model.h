#pragma once
// Engines of small models on any backend, for whole-model tests.
#include <functional>
#include <string>
#include <vector>

#include "core/backend.h"
#include "engine/engine.h"

namespace flm::test {

// A model of each family with grouped or plain heads; sizes are odd on purpose.
ModelShape tiny_flm();
ModelShape tiny_llama();
ModelShape tiny_gpt2();

EngineSpec engine_spec(const ModelShape& shape, Precision precision);

// Every parameter drawn as spread * Philox normal of (seed, name, index), gains around 1.
void randomise(Engine& engine, uint64_t seed, double spread);

// A batch that needs no token file: `count` micro-batches of rows of seq_length tokens.
std::vector<int32_t> random_tokens(int64_t count, int64_t vocab_size, uint64_t seed);

// A token file of the given tokens as one document, in a directory that the process removes when it ends.
std::string write_token_file(const std::vector<int32_t>& tokens);

// Every row of `micro_batches` taken from file 0, one after another, each a segment of its own.
std::vector<Piece> whole_rows(const EngineSpec& spec, int64_t micro_batches);

}  // namespace flm::test
