#include "cpu/cpu_backend.h"
#include "ops/backends.h"

namespace flm::test {

[[maybe_unused]] static const bool added =
    add_backend("cpu", [](int threads) { return cpu::make_backend(threads); }, true);

}  // namespace flm::test
