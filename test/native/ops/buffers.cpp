#include "ops/buffers.h"

#include <algorithm>

#include "core/philox.h"
#include "test.h"

namespace flm::test {
namespace {

constexpr size_t kGuard = 256;
// Bytes of what nobody may touch. Around inputs: NaN in every type, so that reading it shows. Around outputs:
// a small number in every type, so that adding to it shows too.
constexpr unsigned char kNan = 0xff, kSmall = 0x3b;

unsigned char guard_byte(Role role) { return role == Role::input ? kNan : kSmall; }

// The offset of an element in the image of its buffer.
size_t offset_of(const Extent& extent, int64_t row, int64_t col, size_t element) {
  return kGuard + size_t(row * extent.stride + col) * element;
}

// Whether each byte of an image belongs to an element.
std::vector<bool> owned_bytes(const Extent& extent, size_t element, size_t size) {
  std::vector<bool> owned(size, false);
  for (int64_t row = 0; row < extent.rows; ++row) {
    const auto begin = owned.begin() + ptrdiff_t(offset_of(extent, row, 0, element));
    std::fill(begin, begin + ptrdiff_t(size_t(extent.cols) * element), true);
  }
  return owned;
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
  for (int64_t i = 0; i < extent.elements(); ++i) {
    unsigned char* to = image.data() + offset_of(extent, i / extent.cols, i % extent.cols, element);
    if (!draw) {
      std::fill_n(to, element, kNan);
    } else {
      const double value = given == given_.end() ? draw(stream, i) : given->second.at(size_t(i));
      store(rounded(value, tested), dtype, to);
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

Records Buffers::read_back(const std::string& case_name) {
  Records records;
  for (const Buffer& buffer : buffers_) {
    const size_t element = size_of(buffer.dtype);
    const std::vector<unsigned char> after = download(buffer);
    const std::vector<bool> owned = owned_bytes(buffer.extent, element, after.size());
    for (size_t i = 0; i < after.size(); ++i) {
      if (after[i] == buffer.image[i] || (owned[i] && buffer.role != Role::input)) continue;
      report_failure(
          case_name.c_str(), 0,
          buffer.name +
              (owned[i] ? ": an input was written to, at byte " : ": written outside the tensor, at byte ") +
              std::to_string(int64_t(i) - int64_t(kGuard)));
      break;
    }
    TensorRecord& record = records[buffer.name];
    record.role = buffer.role;
    record.dtype = buffer.dtype;
    for (int64_t i = 0; i < buffer.extent.elements(); ++i) {
      const size_t at = offset_of(buffer.extent, i / buffer.extent.cols, i % buffer.extent.cols, element);
      record.before.push_back(load(buffer.dtype, buffer.image.data() + at));
      record.after.push_back(load(buffer.dtype, after.data() + at));
      record.bits_after.insert(record.bits_after.end(), after.begin() + ptrdiff_t(at),
                               after.begin() + ptrdiff_t(at + element));
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
