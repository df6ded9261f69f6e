#include "ops/buffers.h"

#include <algorithm>
#include <cstring>

#include "core/philox.h"
#include "test.h"

namespace flm::test {
namespace {

constexpr size_t kGuard = 256;
// Bytes of what nobody may touch. Around inputs: NaN in every type, so that reading it shows. Around outputs:
// a small number in every type, so that adding to it shows too.
constexpr unsigned char kNan = 0xff, kSmall = 0x3b;

unsigned char guard_byte(Role role) { return role == Role::input ? kNan : kSmall; }

struct ByteRange {
  size_t begin, end;
};

// The bytes of an image that belong to elements; rows with no gap between them are one range.
std::vector<ByteRange> owned_ranges(const Extent& extent, size_t element) {
  const bool gapless = extent.stride == extent.cols;
  const int64_t rows = gapless ? 1 : extent.rows, cols = gapless ? extent.elements() : extent.cols;
  std::vector<ByteRange> ranges;
  for (int64_t row = 0; row < rows; ++row) {
    const size_t begin = kGuard + size_t(row * extent.stride) * element;
    ranges.push_back({begin, begin + size_t(cols) * element});
  }
  return ranges;
}

}  // namespace

Buffers::Buffers(const Backend& backend, Precision precision, Precision tested, const Values& given)
    : backend_(backend), precision_(precision), tested_(tested), given_(given) {}

Buffers::~Buffers() {
  for (const Buffer& buffer : buffers_) backend_.device->release(buffer.memory);
}

In Buffers::input(const std::string& name, Extent extent, Kind kind, const Draw& draw) {
  return add(name, Role::input, kind, extent, draw);
}

Out Buffers::output(const std::string& name, Extent extent, Kind kind) {
  return add(name, Role::output, kind, extent, {});
}

Out Buffers::in_out(const std::string& name, Extent extent, Kind kind, const Draw& draw) {
  return add(name, Role::in_out, kind, extent, draw);
}

In Buffers::indices(const std::string& name, const std::vector<int32_t>& list) {
  const Draw from_list = [&](uint64_t, int64_t i) { return double(list[size_t(i)]); };
  return add(name, Role::input, Kind::i32, {int64_t(list.size())}, from_list);
}

Out Buffers::scratch(const std::string& name, size_t bytes) {
  if (bytes == 0) return {nullptr, DType::u8};
  return add(name, Role::scratch, Kind::u8, {int64_t(bytes)}, {});
}

Out Buffers::add(const std::string& name, Role role, Kind kind, Extent extent, const Draw& draw) {
  const DType dtype = type_of(kind, precision_), tested = type_of(kind, tested_);
  const size_t element = size_of(dtype), size = size_t(extent.span()) * element + 2 * kGuard;
  std::vector<unsigned char> image(size, guard_byte(role));
  const uint64_t stream = philox_stream(name);
  const auto given = given_.find(name);
  int64_t i = 0;
  for (const auto& [begin, end] : owned_ranges(extent, element)) {
    if (!draw) {
      std::fill(&image[begin], &image[end], kNan);
      continue;
    }
    for (size_t at = begin; at < end; at += element, ++i) {
      const double value = given == given_.end() ? draw(stream, i) : given->second.at(size_t(i));
      store(rounded(value, tested), dtype, &image[at]);
    }
  }
  const Stream order = backend_.device->stream(StreamRole::compute);
  void* memory = backend_.device->allocate(size);
  backend_.device->copy(memory, image.data(), size, CopyKind::host_to_device, order);
  backend_.device->synchronize(order);
  buffers_.push_back({name, role, dtype, extent, memory, std::move(image)});
  return {static_cast<unsigned char*>(memory) + kGuard, dtype};
}

std::vector<unsigned char> Buffers::download(const Buffer& buffer) {
  const Stream order = backend_.device->stream(StreamRole::compute);
  std::vector<unsigned char> image(buffer.image.size());
  backend_.device->copy(image.data(), buffer.memory, image.size(), CopyKind::device_to_host, order);
  backend_.device->synchronize(order);
  return image;
}

void Buffers::check_untouched(const std::string& case_name, const Buffer& buffer,
                              const std::vector<unsigned char>& after) {
  const auto check = [&](size_t begin, size_t end, const char* mistake) {
    const unsigned char *old = buffer.image.data(), *now = after.data();
    if (std::memcmp(old + begin, now + begin, end - begin) == 0) return;
    while (old[begin] == now[begin]) ++begin;
    report_failure(
        case_name.c_str(), 0,
        buffer.name + ": " + mistake + ", at byte " + std::to_string(int64_t(begin) - int64_t(kGuard)));
  };
  size_t free_from = 0;
  for (const ByteRange& owned : owned_ranges(buffer.extent, size_of(buffer.dtype))) {
    check(free_from, owned.begin, "written outside the tensor");
    if (buffer.role == Role::input) check(owned.begin, owned.end, "an input was written to");
    free_from = owned.end;
  }
  check(free_from, after.size(), "written outside the tensor");
}

Records Buffers::read_back(const std::string& case_name) {
  Records records;
  for (const Buffer& buffer : buffers_) {
    const std::vector<unsigned char> after = download(buffer);
    check_untouched(case_name, buffer, after);
    if (buffer.role == Role::scratch) continue;
    const size_t element = size_of(buffer.dtype), count = size_t(buffer.extent.elements());
    TensorRecord& record = records[buffer.name];
    record.role = buffer.role;
    record.dtype = buffer.dtype;
    record.before.reserve(count);
    record.after.reserve(count);
    record.bits_after.reserve(count * element);
    for (const auto& [begin, end] : owned_ranges(buffer.extent, element)) {
      record.bits_after.insert(record.bits_after.end(), &after[begin], &after[end]);
      for (size_t at = begin; at < end; at += element) {
        record.before.push_back(load(buffer.dtype, &buffer.image[at]));
        record.after.push_back(load(buffer.dtype, &after[at]));
      }
    }
  }
  return records;
}

double Buffers::bytes_moved() const {
  double bytes = 0;
  for (const Buffer& buffer : buffers_) {
    const double size = double(buffer.extent.elements()) * double(size_of(buffer.dtype));
    bytes += buffer.role == Role::in_out ? 2 * size : buffer.role == Role::scratch ? 0 : size;
  }
  return bytes;
}

}  // namespace flm::test
