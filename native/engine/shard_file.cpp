#include "engine/shard_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/system_error.h"
#include "core/xxh64.h"

namespace flm {
namespace {

constexpr size_t kChunkBytes = 1 << 20;

class FileDescriptor {
 public:
  FileDescriptor(const char* action, const std::string& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (fd_ < 0) fail_errno(action, path);
  }
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

void write_all(int fd, std::span<const uint8_t> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_errno("write", path);
    bytes = bytes.subspan(size_t(written));
  }
}

// Writes what content(sink) hands over.
template <class Content>
SavedFile write_file(const std::string& path, Content&& content) {
  FileDescriptor target("create", path, O_WRONLY | O_CREAT | O_TRUNC);
  Xxh64 hash;
  uint64_t size = 0;
  content([&](std::span<const uint8_t> bytes) {
    hash.update(bytes);
    write_all(target.get(), bytes, path);
    size += bytes.size();
  });
  if (::fsync(target.get()) != 0) fail_errno("sync", path);
  // Network file systems report a failed write only here.
  if (::close(target.release()) != 0) fail_errno("close", path);
  return {path, size, hash.digest()};
}

void pour(const SaveFile& file, const ItemSource& item, const ByteSink& sink) {
  sink(file.header);
  for (const SaveItem& entry : file.items) item(entry, sink);
}

}  // namespace

SavedFile write_shard(const SaveFile& file, const ItemSource& item) {
  return write_file(file.path, [&](const ByteSink& sink) { pour(file, item, sink); });
}

FileImage image_of_shard(const SaveFile& file, const ItemSource& item) {
  FileImage image{file.path, {}};
  pour(file, item,
       [&](std::span<const uint8_t> bytes) { image.parts.emplace_back(bytes.begin(), bytes.end()); });
  return image;
}

SavedFile write_image(const FileImage& image, const std::atomic<bool>* cancel) {
  return write_file(image.path, [&](const ByteSink& sink) {
    for (const auto& part : image.parts)
      for (size_t done = 0; done < part.size(); done += kChunkBytes) {
        FLM_CHECK(!cancel || !*cancel, ErrorCode::cancelled, "writing ", image.path, " was cancelled");
        sink(std::span(part).subspan(done, std::min(kChunkBytes, part.size() - done)));
      }
  });
}

SavedFile hash_file(const std::string& path, const std::atomic<bool>* cancel) {
  FileDescriptor source("open", path, O_RDONLY);
  Xxh64 hash;
  uint64_t size = 0;
  std::vector<uint8_t> buffer(kChunkBytes);
  for (;;) {
    FLM_CHECK(!cancel || !*cancel, ErrorCode::cancelled, "hashing ", path, " was cancelled");
    const ssize_t got = ::read(source.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("read", path);
    if (got == 0) break;
    hash.update({buffer.data(), size_t(got)});
    size += uint64_t(got);
  }
  return {path, size, hash.digest()};
}

}  // namespace flm
