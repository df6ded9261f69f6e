#include "bindings/devices.h"

#include <limits>

#include "comm/nccl/library.h"
#include "core/error.h"
#include "cpu/cpu_backend.h"
#include "cuda/cuda_backend.h"

namespace flm::bindings {
namespace {

int to_int(const char* field, int64_t value) {
  FLM_CHECK(value >= 0 && value <= std::numeric_limits<int>::max(), ErrorCode::invalid_argument,
            "engine spec: ", field, " ", value, " must be 0 or more");
  return int(value);
}

}  // namespace

DeviceFacts facts_of(const Device& device, int64_t index) {
  return {device.info(), index, device.memory().total_bytes};
}

DeviceList list_devices() {
  DeviceList list;
  list.devices.push_back(facts_of(*cpu::make_backend().device, 0));
  for (const cuda::Gpu& gpu : cuda::list_gpus(list.no_cuda_reason))
    list.devices.push_back({gpu.info, gpu.index, gpu.total_bytes});
  return list;
}

size_t free_bytes(DeviceKind kind, int64_t index) {
  if (kind == DeviceKind::cpu) return cpu::make_backend().device->memory().free_bytes;
  return cuda::free_bytes(to_int("device_index", index));
}

NcclFacts nccl_facts(int64_t device_index) {
  NcclFacts facts;
  facts.gpu = cuda::gpu_uuid(to_int("device_index", device_index));
  try {
    facts.version = nccl::version_text(nccl::Library().version());
  } catch (const Error& error) {
    facts.reason = error.what();
  }
  return facts;
}

Backend make_backend(const EngineSpec& spec) {
  FLM_CHECK(spec.precision != Precision::f64, ErrorCode::not_supported,
            "engine spec: precision f64 is the test oracle's; choose bf16 or f32");
  if (spec.device == DeviceKind::cpu) return cpu::make_backend(to_int("num_threads", spec.num_threads));
  return cuda::make_backend(to_int("device_index", spec.device_index));
}

}  // namespace flm::bindings
