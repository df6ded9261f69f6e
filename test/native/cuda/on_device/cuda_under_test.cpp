#include "cuda/cuda_backend.h"
#include "ops/backends.h"

namespace flm::test {

// Not by default: a CUDA build may well run its tests where there is no GPU.
[[maybe_unused]] static const bool added =
    add_backend("cuda", [](int) { return cuda::make_backend(0); }, false);

}  // namespace flm::test
