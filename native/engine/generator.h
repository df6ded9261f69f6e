#pragma once
#include <functional>

#include "core/backend.h"
#include "engine/device_buffer.h"
#include "engine/spec.h"
#include "model/kv_cache.h"

namespace flm {

// One sequence with its key/value cache.
class Generator {
 public:
  Generator(const Backend& backend, const ModelShape& shape, ComputeTypes types);

  // `with_run(context, use)` calls use(run) with the activation memory; `check` throws when cancelled.
  using WithRun = std::function<void(const std::function<void(const Run&)>&)>;
  GenerateReport generate(const GenerateInput& input, const WithRun& with_run,
                          const std::function<void()>& check);

  // The same passes once, for measuring the memory they need.
  void measure(const Run& run);
  size_t bytes() const;

 private:
  TokenBatch views(int64_t N) const;
  void upload(const int32_t* tokens, int64_t N, int64_t first_position);
  void feed(const std::vector<int32_t>& tokens, const WithRun& with_run, const std::function<void()>& check);
  std::vector<float> read_logits();

  Device& device_;
  const ModelShape shape_;
  std::vector<DeviceBuffer> cache_memory_;
  KvCache cache_;
  DeviceBuffer numbers_;  // (4, seq_length + 1) i32: tokens, positions, slots; segment starts and length
  DeviceBuffer logits_;
  std::vector<int32_t> history_;
  uint64_t picks_ = 0;
};

}  // namespace flm
