#pragma once
#include "core/backend.h"

namespace flm::emulation {

// The CUDA backend's op table with its kernels running on the CPU. Kernels are finished when they return.
Backend make_backend();

}  // namespace flm::emulation
