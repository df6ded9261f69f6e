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
  size_t total_bytes = 0;
};

struct DeviceList {
  std::vector<DeviceFacts> devices;
  std::string no_cuda_reason;  // empty when there is a GPU
};

DeviceFacts facts_of(const Device& device, int64_t index);
DeviceList list_devices();

// Memory of the device that is free now. Of a GPU this takes some itself.
size_t free_bytes(DeviceKind kind, int64_t index);

// What decides whether a rank on this GPU can use NCCL.
struct NcclFacts {
  std::string gpu;      // cuda::gpu_uuid
  std::string version;  // of the NCCL found, "2.27.3"; empty: none
  std::string reason;   // why none
};
NcclFacts nccl_facts(int64_t device_index);

// The backend that a spec asks for. Throws Error(not_supported) for a precision that only the test oracle
// has.
Backend make_backend(const EngineSpec& spec);

}  // namespace flm::bindings
