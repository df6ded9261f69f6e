#pragma once
#include <string>
#include <vector>

#include "core/backend.h"

namespace flm::test {

// `threads` is for backends that have a number of threads to choose.
using BackendFactory = Backend (*)(int threads);

// Makes a backend known to --backend. One that needs a device that may be missing is not `by_default`: it is
// tested only where it is named.
bool add_backend(const std::string& name, BackendFactory factory, bool by_default);

// "oracle", "cpu", and whatever else this program is linked with. Throws Error(invalid_argument) with the
// known names.
Backend make_test_backend(const std::string& name, int threads = 2);

std::vector<std::string> default_backends();

}  // namespace flm::test
