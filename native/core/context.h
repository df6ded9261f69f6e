#pragma once
#include <cstddef>

#include "core/device.h"

namespace flm {

// What a backend keeps between ops: a thread pool, library handles, caches of algorithms.
class BackendState {
 public:
  virtual ~BackendState() = default;
};

class Trace;

// What every op gets beside its arguments. With `measuring` set, ops do nothing but report the workspace
// they would need: the same model code then plans its memory.
struct Context {
  Device* device = nullptr;
  BackendState* state = nullptr;
  Stream stream;
  void* workspace = nullptr;
  size_t workspace_bytes = 0;
  Trace* trace = nullptr;  // null: not traced
  bool measuring = false;
  size_t workspace_needed = 0;  // the largest need seen while measuring
};

}  // namespace flm
