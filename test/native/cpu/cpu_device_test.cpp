// Memory of the host as a device's.
#include <vector>

#include "core/backend.h"
#include "cpu/cpu_backend.h"
#include "test.h"

namespace flm::test {
namespace {

FLM_TEST(any_part_of_host_memory_is_zeroed_and_nothing_beside_it) {
  for (const int threads : {1, 2, 3}) {
    const Backend backend = cpu::make_backend(threads);
    const Stream compute = backend.device->stream(StreamRole::compute);
    // Around the sizes at which a team shares the work, and with ends inside of pages.
    for (const size_t bytes :
         {size_t(0), size_t(1), (size_t(4) << 20) - 1, size_t(4) << 20, (size_t(9) << 20) + 5}) {
      std::vector<char> memory(bytes + 2, 1);
      backend.device->fill_zero(memory.data() + 1, bytes, compute);
      size_t left = 0;
      for (size_t i = 1; i <= bytes; ++i) left += memory[i] != 0;
      CHECK_EQ(left, size_t(0));
      CHECK(memory.front() == 1 && memory.back() == 1);
    }
  }
}

FLM_TEST(a_host_device_outlives_its_backend) {
  std::unique_ptr<Device> device = cpu::make_backend(2).device;
  std::vector<char> memory(size_t(8) << 20, 1);
  device->fill_zero(memory.data(), memory.size(), device->stream(StreamRole::compute));
  CHECK(memory.back() == 0);
}

}  // namespace
}  // namespace flm::test
