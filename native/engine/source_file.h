#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace flm {

// A file read at given positions.
class SourceFile {
 public:
  // Throws Error(io) when the file cannot be opened.
  explicit SourceFile(const std::string& path);
  ~SourceFile();
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;

  const std::string& path() const { return path_; }
  int64_t size() const { return size_; }

  // Throws Error(checkpoint_invalid) when the file ends before offset + bytes.
  void read(int64_t offset, size_t bytes, void* to) const;

 private:
  std::string path_;
  int fd_;
  int64_t size_;
};

}  // namespace flm
