#include "data/token_file.h"

#include <string>

#include "temporary_file.h"
#include "test.h"
#include "token_file_bytes.h"

namespace flm::data {
namespace {

using test::TemporaryFile;
using test::token_file_bytes;

std::vector<int32_t> read(const TokenFile& file, int64_t offset, int64_t count) {
  std::vector<int32_t> tokens(size_t(count), -7);
  file.read(offset, count, tokens.data());
  return tokens;
}

}  // namespace

FLM_TEST(token_file_reads_two_and_four_bytes_per_token) {
  const TemporaryFile narrow(token_file_bytes({1, 65535, 3}, {0, 2, 3}, 2));
  const TemporaryFile wide(token_file_bytes({1, 100000, 3}, {0, 3}, 4));
  const TokenFile a = TokenFile::open(narrow.path()), b = TokenFile::open(wide.path());
  CHECK_EQ(a.token_count(), 3);
  CHECK_EQ(a.document_count(), 2);
  CHECK_EQ(b.document_count(), 1);
  CHECK(read(a, 1, 2) == std::vector<int32_t>({65535, 3}));
  CHECK(read(b, 0, 3) == std::vector<int32_t>({1, 100000, 3}));
  CHECK(read(b, 3, 0).empty());
}

FLM_TEST(token_file_may_be_empty_and_may_move) {
  const TemporaryFile bytes(token_file_bytes({}, {0}, 2));
  TokenFile file = TokenFile::open(bytes.path());
  const TokenFile moved = std::move(file);
  CHECK_EQ(moved.token_count(), 0);
  CHECK_EQ(moved.path(), bytes.path());
}

FLM_TEST(token_file_refuses_ranges_outside) {
  const TemporaryFile bytes(token_file_bytes({1, 2, 3}, {0, 3}, 2));
  const TokenFile file = TokenFile::open(bytes.path());
  CHECK_THROWS(read(file, 1, 3), ErrorCode::data_invalid);
  CHECK_THROWS(read(file, -1, 1), ErrorCode::data_invalid);
  CHECK_THROWS(read(file, 4, 0), ErrorCode::data_invalid);
}

FLM_TEST(token_file_refuses_damaged_files) {
  const auto whole = token_file_bytes({1, 2, 3, 4, 5}, {0, 2, 5}, 2);
  const auto open = [](const std::vector<uint8_t>& bytes) {
    const TemporaryFile file(bytes);
    TokenFile::open(file.path());
  };
  open(whole);
  for (size_t size = 0; size < whole.size(); ++size) {
    CHECK_THROWS(open({whole.begin(), whole.begin() + std::ptrdiff_t(size)}), ErrorCode::data_invalid);
  }
  const auto changed = [&](size_t at, uint8_t value) {
    auto bytes = whole;
    bytes[at] = value;
    return bytes;
  };
  CHECK_THROWS(open(changed(0, 'X')), ErrorCode::data_invalid);      // magic
  CHECK_THROWS(open(changed(8, 3)), ErrorCode::data_invalid);        // bytes per token
  CHECK_THROWS(open(changed(12, 2)), ErrorCode::data_invalid);       // version
  CHECK_THROWS(open(changed(23, 0x80)), ErrorCode::data_invalid);    // token count
  CHECK_THROWS(open(changed(31, 0xff)), ErrorCode::data_invalid);    // document count
  CHECK_THROWS(open(changed(64 + 16, 1)), ErrorCode::data_invalid);  // first start
  CHECK_THROWS(open(changed(64 + 24, 9)), ErrorCode::data_invalid);  // second start
  CHECK_THROWS(open(changed(64 + 32, 4)), ErrorCode::data_invalid);  // end of the last document
  CHECK_THROWS(TokenFile::open("/no/such/tokens"), ErrorCode::io);
}

}  // namespace flm::data
