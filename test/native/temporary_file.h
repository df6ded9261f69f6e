#pragma once
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"

namespace flm::test {

// A file of given bytes that vanishes with this object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::span<const uint8_t> bytes = {}) {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder ? folder : "/tmp") + "/flm-test-XXXXXX";
    const int fd = ::mkstemp(path_.data());
    FLM_CHECK(fd >= 0, ErrorCode::io, "cannot create ", path_);
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    ::close(fd);
    FLM_CHECK(written == ssize_t(bytes.size()), ErrorCode::io, "cannot write ", path_);
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The bytes of a vector of plain values.
template <class T>
std::span<const uint8_t> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)};
}

// Empty where there is no such file.
inline std::vector<uint8_t> read_whole_file(const std::string& path) {
  std::vector<uint8_t> bytes;
  if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
    for (int byte; (byte = std::fgetc(file)) != EOF;) bytes.push_back(uint8_t(byte));
    std::fclose(file);
  }
  return bytes;
}

}  // namespace flm::test
