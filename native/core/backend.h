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

  Context context() const {
    Context c;
    c.device = device.get();
    c.state = state.get();
    c.stream = device->stream(StreamRole::compute);
    return c;
  }
};

}  // namespace flm
