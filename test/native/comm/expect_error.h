#pragma once
#include <functional>
#include <string>
#include <vector>

#include "test.h"

namespace flm::test {

// The error that body ends with; a failed check when there is none.
inline Error error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  report_failure(__FILE__, __LINE__, "no error was thrown");
  return Error(ErrorCode::internal, "");
}

// An error of that code, whose text has all these parts.
inline void check_text(const Error& error, ErrorCode code, const std::vector<std::string>& parts) {
  CHECK_EQ(std::string(code_name(error.code())), std::string(code_name(code)));
  for (const std::string& part : parts) {
    if (std::string(error.what()).find(part) == std::string::npos)
      report_failure(__FILE__, __LINE__, "\"" + part + "\" is not in: " + error.what());
  }
}

}  // namespace flm::test
