#pragma once
#include <string>
#include <vector>

#include "core/error.h"

namespace flm {

// A library that is opened at run time, and where to look for it.
struct SharedLibrary {
  std::string title;               // for messages: "cuBLASLt (version 12 or 13)"
  std::vector<std::string> files;  // e.g. "libcublasLt.so.13", the best first
  std::string variable;            // the environment variable that names the file, and no other then
  std::string remedy;              // "install the CUDA toolkit or the Python package nvidia-cublas"
};

// Looks among the loader's own paths, NVIDIA's wheels in the Python environments on PATH, and the CUDA
// toolkit. The handle stays open for good: CUDA's clean-up at exit may still call into it. Throws
// Error(not_supported) that lists what was tried.
void* open_shared_library(const SharedLibrary& library);

// Sets `function` to the library's function of that name; throws Error(not_supported) where it has none.
void* find_symbol(void* library, const std::string& title, const char* name);
template <class Function>
void resolve(void* library, const std::string& title, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(find_symbol(library, title, name));
}

}  // namespace flm
