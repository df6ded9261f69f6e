#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace flm {

static_assert(std::endian::native == std::endian::little, "the plan form is read as it lies in memory");

// Reads the form that engine/codec.h describes. `field` names what is read, for the messages.
class ByteReader {
 public:
  // Checks the head. `what` names the whole, e.g. "load plan", and must outlive the reader.
  ByteReader(std::span<const uint8_t> bytes, std::string_view what, uint32_t magic, uint32_t version);

  double number(std::string_view field) { return take<double>(field); }
  int64_t integer(std::string_view field);
  bool boolean(std::string_view field) { return position(field, 2) == 1; }
  uint64_t seed(std::string_view field);
  std::string string(std::string_view field);

  // One of `count` enumerators, which must be numbered from 0 on.
  template <class Enum>
  Enum enumerator(std::string_view field, int64_t count) {
    return Enum(position(field, count));
  }

  // A packed list.
  template <class T>
  std::vector<T> values(std::string_view field) {
    std::vector<T> result(count(field, sizeof(T)));
    copy(result.data(), result.size() * sizeof(T), field);
    return result;
  }

  // A list whose elements `read()` reads, each of them at least one byte long.
  template <class Read>
  auto list(std::string_view field, Read&& read) {
    std::vector<decltype(read())> result(count(field, 1));
    for (auto& element : result) element = read();
    return result;
  }

  // Throws where bytes are left over.
  void finish() const;

 private:
  template <class T>
  T take(std::string_view field) {
    T value;
    copy(&value, sizeof value, field);
    return value;
  }
  void copy(void* to, size_t bytes, std::string_view field);
  size_t count(std::string_view field, size_t element_bytes);
  int64_t position(std::string_view field, int64_t count);
  template <class... Parts>
  [[noreturn]] void refuse(std::string_view field, const Parts&... parts) const {
    fail(ErrorCode::invalid_argument, what_, ", byte ", at_, " (", field, "): ", parts...);
  }

  std::span<const uint8_t> bytes_;
  std::string_view what_;
  size_t at_ = 0;
};

}  // namespace flm
