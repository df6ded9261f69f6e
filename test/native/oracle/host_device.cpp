#include "host_device.h"

#include <cstdlib>
#include <cstring>

#include "core/error.h"

namespace flm::oracle {

void* HostDevice::allocate(size_t bytes) {
  constexpr size_t kAlign = 256;
  void* memory = std::aligned_alloc(kAlign, (bytes / kAlign + 1) * kAlign);
  FLM_CHECK(memory, ErrorCode::out_of_memory, "the oracle cannot allocate ", bytes, " bytes");
  return memory;
}

void HostDevice::release(void* memory) noexcept { std::free(memory); }

void HostDevice::copy(void* to, const void* from, size_t bytes, CopyKind, Stream) {
  if (bytes > 0) std::memmove(to, from, bytes);
}

void HostDevice::fill_zero(void* memory, size_t bytes, Stream) {
  if (bytes > 0) std::memset(memory, 0, bytes);
}

}  // namespace flm::oracle
