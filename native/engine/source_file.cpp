#include "engine/source_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/system_error.h"

namespace flm {

SourceFile::SourceFile(const std::string& path)
    : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) fail_errno("open", path);
  struct stat status;
  if (::fstat(fd_, &status) != 0) {
    const int code = errno;
    ::close(fd_);
    fail_errno("inspect", path, code);
  }
  size_ = status.st_size;
}

SourceFile::~SourceFile() { ::close(fd_); }

void SourceFile::read(int64_t offset, size_t bytes, void* to) const {
  auto* next = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t got = ::pread(fd_, next, bytes, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("read", path_);
    FLM_CHECK(got > 0, ErrorCode::checkpoint_invalid, path_, " ends at byte ", offset, " and ", bytes,
              " more bytes are needed; the file is truncated");
    next += got;
    offset += got;
    bytes -= size_t(got);
  }
}

}  // namespace flm
