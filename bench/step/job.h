#pragma once
// The model and device that flm_step_bench and flm_op_bench are asked for, from their command lines.
#include <cstdint>
#include <span>
#include <string>

#include "core/backend.h"
#include "engine/spec.h"

namespace flm::bench {

struct Job {
  EngineSpec spec;
  int64_t batch_size = 8;  // sequences of a step: a whole number of micro-batches
  int64_t steps = 10, warmup = 3;
  double lr = 3e-4, init_std = 0.02;
  bool serve = false;  // take a step when a line on standard input asks for one
  bool trace = false;  // after the timed steps as many traced ones

  int64_t micro_batches() const { return batch_size / spec.micro_batch_size; }
  int64_t tokens_per_step() const { return batch_size * spec.shape.seq_length; }
};

// The names that a job has, with their defaults, for people.
std::string job_help();

// From arguments of the form name=value. Throws Error(invalid_argument) that names what is wrong.
Job read_job(std::span<char* const> arguments);

// The backend of the device that the spec names. Throws Error(not_supported) where there is none.
Backend make_backend(const EngineSpec& spec);

// FLOPs that training one token needs in matrix products: 6 a parameter (the head counts, the lookup of
// embeddings does not) and causal attention, half of the square. The rule of lib/scaling/flops.ts.
double model_flops_per_token(const ModelShape& shape);

}  // namespace flm::bench
