#pragma once
// A tokenized corpus, memory-mapped. Layout, little endian:
//   "FLMTOK1\0" | u32 bytes_per_token (2 or 4) | u32 version = 1 | u64 token_count | u64 document_count |
//   32 zero bytes | tokens | zeros up to a multiple of 8 | u64 document starts [document_count + 1]
// Starts are token indices; the first is 0 and the last is token_count.
#include <cstddef>
#include <cstdint>
#include <string>

namespace flm::data {

class TokenFile {
 public:
  // Maps the file and checks its header, size and document starts. Throws Error(io) when it cannot be read
  // and Error(data_invalid) when it is not a whole token file. The file must not shrink while it is open.
  static TokenFile open(const std::string& path);
  ~TokenFile();
  TokenFile(TokenFile&& other) noexcept;
  TokenFile& operator=(TokenFile&& other) noexcept;

  const std::string& path() const { return path_; }
  int64_t token_count() const { return token_count_; }
  int64_t document_count() const { return document_count_; }

  // Copies tokens [offset, offset + count) to out; throws Error(data_invalid) outside the file. Ids above
  // INT32_MAX come out negative.
  void read(int64_t offset, int64_t count, int32_t* out) const;

 private:
  TokenFile() = default;
  void check_header();
  void check_documents() const;
  void unmap() noexcept;

  std::string path_;
  const unsigned char* map_ = nullptr;
  size_t map_bytes_ = 0;
  int64_t bytes_per_token_ = 0, token_count_ = 0, document_count_ = 0;
};

}  // namespace flm::data
