#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/backend.h"
#include "engine/spec.h"

namespace flm::bindings {

// A device as JavaScript sees it.
struct DeviceFacts {
  DeviceInfo info;
  int64_t index = 0;
  MemoryInfo memory;
};

struct DeviceList {
  std::vector<DeviceFacts> devices;
  std::string no_cuda_reason;  // empty when there is a GPU
};

DeviceFacts facts_of(const Device& device, int64_t index);
DeviceList list_devices();

// The backend that a spec asks for. Throws Error(not_supported) for a precision that only the test oracle
// has.
Backend make_backend(const EngineSpec& spec);

}  // namespace flm::bindings
