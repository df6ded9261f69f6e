#pragma once
// The one error type of the native side. Codes are the strings that lib/errors.ts knows.
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace flm {

enum class ErrorCode {
  invalid_argument,
  not_supported,
  out_of_memory,
  device_fault,
  comm_timeout,
  comm_peer_lost,
  comm_mismatch,
  io,
  data_invalid,
  checkpoint_invalid,
  cancelled,
  engine_poisoned,
  internal,
};

// The stable spelling that crosses to JavaScript, e.g. "OUT_OF_MEMORY".
const char* code_name(ErrorCode code);

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

// fail(ErrorCode::io, "cannot read ", path, ": ", reason)
template <class... Parts>
[[noreturn]] void fail(ErrorCode code, Parts&&... parts) {
  std::ostringstream text;
  (text << ... << std::forward<Parts>(parts));
  throw Error(code, text.str());
}

}  // namespace flm

// FLM_CHECK(condition, ErrorCode::..., message parts...)
#define FLM_CHECK(condition, code, ...)               \
  do {                                                \
    if (!(condition)) ::flm::fail(code, __VA_ARGS__); \
  } while (0)
