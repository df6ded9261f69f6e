#pragma once
#include "core/backend.h"

namespace flm::cpu {

// A backend of its own thread team; num_threads 0: one for each CPU that this process may run on.
// Throws Error(invalid_argument) when FLM_CPU_ISA asks for what the machine lacks.
Backend make_backend(int num_threads = 0);

}  // namespace flm::cpu
