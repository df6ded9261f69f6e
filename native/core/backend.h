#pragma once
#include <memory>

#include "core/context.h"
#include "core/op_table.h"

namespace flm {

// All that model/ and engine/ ever see of a backend.
struct Backend {
  std::unique_ptr<Device> device;
  std::unique_ptr<BackendState> state;
  const OpTable* ops = nullptr;
  // Products and embeddings of bf16 take f32 weights and round what they read: no copy in bf16 is needed.
  bool reads_masters = false;

  Context context() const {
    Context c;
    c.device = device.get();
    c.state = state.get();
    c.stream = device->stream(StreamRole::compute);
    return c;
  }
};

}  // namespace flm
