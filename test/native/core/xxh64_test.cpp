#include "core/xxh64.h"

#include <string_view>
#include <vector>

#include "test.h"

namespace flm {
namespace {

uint64_t hash_of(std::string_view text, uint64_t seed = 0) {
  Xxh64 hash(seed);
  hash.update({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  return hash.digest();
}

}  // namespace

// Widely published values of XXH64.
FLM_TEST(xxh64_gives_the_published_values) {
  CHECK_EQ(hash_of(""), 0xEF46DB3751D8E999u);
  CHECK_EQ(hash_of("a"), 0xD24EC4F1A98C6E5Bu);
  CHECK_EQ(hash_of("abc"), 0x44BC2CF5AD770999u);
  CHECK_EQ(hash_of("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1u);
}

FLM_TEST(xxh64_does_not_depend_on_how_the_bytes_are_cut) {
  std::vector<uint8_t> bytes(301);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = uint8_t(i * 37 + 11);
  Xxh64 whole;
  whole.update(bytes);
  for (size_t step = 1; step < 70; ++step) {
    Xxh64 parts;
    for (size_t at = 0; at < bytes.size(); at += step) {
      parts.update(std::span(bytes).subspan(at, std::min(step, bytes.size() - at)));
    }
    CHECK_EQ(parts.digest(), whole.digest());
  }
}

FLM_TEST(xxh64_depends_on_the_seed) { CHECK(hash_of("a", 1) != hash_of("a")); }

}  // namespace flm
