#pragma once
#include <cerrno>
#include <string>
#include <system_error>

#include "core/error.h"

namespace flm {

// Throws Error(io) such as "cannot write /data/shard-0: No space left on device", with errno's text.
[[noreturn]] inline void fail_errno(const char* action, const std::string& path, int code = errno) {
  fail(ErrorCode::io, "cannot ", action, " ", path, ": ", std::generic_category().message(code));
}

}  // namespace flm
