#pragma once
#include <memory>
#include <string>

#include "comm/nccl/api.h"

namespace flm::nccl {

// NCCL 2.18 or newer, opened at run time: the file that the environment variable FLM_NCCL_LIB names, or else
// libnccl.so.2, looked for as core/shared_library.h says.
class Library {
 public:
  // Throws Error(not_supported): nothing found, with what was tried; too old; a function missing.
  Library();

  const Functions& functions() const { return functions_; }
  // As NCCL counts: 22703 is 2.27.3.
  int version() const { return version_; }

 private:
  Functions functions_{};
  int version_ = 0;
};

// "2.27.3"
std::string version_text(int version);

}  // namespace flm::nccl
