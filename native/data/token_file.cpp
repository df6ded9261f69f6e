#include "data/token_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/system_error.h"

namespace flm::data {
namespace {

static_assert(std::endian::native == std::endian::little, "token files are read as they lie in memory");

constexpr char kMagic[8] = {'F', 'L', 'M', 'T', 'O', 'K', '1', '\0'};
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = 64;

template <class T>
T load(const unsigned char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class... Parts>
void require(bool condition, const std::string& path, const Parts&... parts) {
  FLM_CHECK(condition, ErrorCode::data_invalid, "token file ", path, ": ", parts...,
            "; remove it and tokenize again");
}

// Bytes of tokens with the padding behind them.
uint64_t padded(uint64_t bytes) { return (bytes + 7) / 8 * 8; }

}  // namespace

TokenFile TokenFile::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_errno("open", path);
  struct stat status{};
  void* map = MAP_FAILED;
  const bool inspected = ::fstat(fd, &status) == 0;
  if (inspected && status.st_size > 0) {
    map = ::mmap(nullptr, size_t(status.st_size), PROT_READ, MAP_SHARED, fd, 0);
  }
  const int code = errno;
  ::close(fd);
  if (!inspected) fail_errno("inspect", path, code);
  require(status.st_size >= int64_t(kHeaderBytes), path, "its ", status.st_size,
          " bytes are fewer than the header's ", kHeaderBytes);
  if (map == MAP_FAILED) fail_errno("map", path, code);

  TokenFile file;
  file.path_ = path;
  file.map_ = static_cast<const unsigned char*>(map);
  file.map_bytes_ = size_t(status.st_size);
  file.check_header();
  file.check_documents();
  return file;
}

void TokenFile::check_header() {
  require(std::memcmp(map_, kMagic, sizeof kMagic) == 0, path_, "it does not begin with FLMTOK1");
  const auto version = load<uint32_t>(map_ + 12);
  require(version == kVersion, path_, "version ", version, " is not ", kVersion);
  bytes_per_token_ = load<uint32_t>(map_ + 8);
  require(bytes_per_token_ == 2 || bytes_per_token_ == 4, path_, bytes_per_token_,
          " bytes per token are neither 2 nor 4");
  const auto tokens = load<uint64_t>(map_ + 16), documents = load<uint64_t>(map_ + 24);
  // Bounds first, so that the sum below cannot overflow.
  const bool plausible = tokens <= map_bytes_ / uint64_t(bytes_per_token_) && documents < map_bytes_ / 8;
  const uint64_t needed =
      plausible ? kHeaderBytes + padded(tokens * uint64_t(bytes_per_token_)) + 8 * (documents + 1) : 0;
  require(plausible && needed == map_bytes_, path_, tokens, " tokens in ", documents,
          " documents do not make a file of ", map_bytes_, " bytes");
  token_count_ = int64_t(tokens);
  document_count_ = int64_t(documents);
}

void TokenFile::check_documents() const {
  const unsigned char* starts = map_ + kHeaderBytes + padded(uint64_t(token_count_ * bytes_per_token_));
  uint64_t previous = 0;
  for (int64_t i = 0; i <= document_count_; ++i) {
    const auto start = load<uint64_t>(starts + 8 * i);
    require(start >= previous && start <= uint64_t(token_count_) && (i > 0 || start == 0), path_, "document ",
            i, " starts at token ", start);
    previous = start;
  }
  require(previous == uint64_t(token_count_), path_, "its documents end at token ", previous, " of ",
          token_count_);
}

TokenFile::~TokenFile() { unmap(); }

TokenFile::TokenFile(TokenFile&& other) noexcept { *this = std::move(other); }

TokenFile& TokenFile::operator=(TokenFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(map_, other.map_);
  std::swap(map_bytes_, other.map_bytes_);
  std::swap(bytes_per_token_, other.bytes_per_token_);
  std::swap(token_count_, other.token_count_);
  std::swap(document_count_, other.document_count_);
  return *this;
}

void TokenFile::unmap() noexcept {
  if (map_) ::munmap(const_cast<unsigned char*>(map_), map_bytes_);
  map_ = nullptr;
}

void TokenFile::read(int64_t offset, int64_t count, int32_t* out) const {
  FLM_CHECK(offset >= 0 && count >= 0 && count <= token_count_ && offset <= token_count_ - count,
            ErrorCode::data_invalid, "tokens ", offset, " to ", offset + count, " are asked of ", path_,
            ", which holds ", token_count_);
  if (count == 0) return;  // `out` may be null
  const unsigned char* from = map_ + kHeaderBytes + offset * bytes_per_token_;
  if (bytes_per_token_ == 2) {
    for (int64_t i = 0; i < count; ++i) out[i] = load<uint16_t>(from + 2 * i);
  } else {
    std::memcpy(out, from, size_t(count) * 4);
  }
}

}  // namespace flm::data
