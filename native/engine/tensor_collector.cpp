#include "engine/tensor_collector.h"

#include <algorithm>
#include <cstring>

namespace flm {
namespace {
// Tensors travel in pieces: a device that training has filled has no room for a whole one.
constexpr size_t kPieceBytes = 8 << 20;
}  // namespace

TensorCollector::TensorCollector(const ParameterStore& store, const EngineSpec& spec, const Shard& shard,
                                 Device& device, Communicator* plane)
    : store_(store), device_(device), plane_(plane) {
  for (int64_t rank = 0; rank < shard.tensor_size; ++rank) {
    Shard other = shard;
    other.tensor_rank = rank;
    layouts_.push_back(parameter_layout(spec.shape, other, spec.mesh.data_size));
  }
}

const std::vector<uint8_t>& TensorCollector::collect(const SaveItem& item, int64_t writer) {
  const int64_t tensor_size = int64_t(layouts_.size()), data_size = layouts_[0].data_size;
  const int64_t self = plane_ ? plane_->rank() : 0;
  const Stream stream = device_.stream(StreamRole::compute);
  const Parameter& own = store_.layout().find(item.tensor);
  const Out state = store_.state(own, item.kind);
  const size_t element = size_of(state.dtype);
  whole_.resize(self == writer ? size_t(own.rows * own.cols) * element : 0);

  std::vector<uint8_t> part;
  for (int64_t t = 0; t < tensor_size; ++t) {
    const ParameterLayout& layout = layouts_[size_t(t)];
    const Parameter& held = layout.find(item.tensor);
    if (held.replica != 0) continue;
    for (int64_t d = 0; d < (held.is_matrix ? data_size : 1); ++d) {
      const Range elements = held.is_matrix ? layout.owned(held, d).elements : Range{0, held.size()};
      const int64_t owner = d * tensor_size + t;
      if (elements.count == 0 || (self != owner && self != writer)) continue;
      const int64_t most = std::min(elements.count, int64_t(kPieceBytes / element));
      const DeviceBuffer received(device_, self == owner ? 0 : most, state.dtype);
      for (int64_t at = 0; at < elements.count; at += most) {
        const int64_t count = std::min(most, elements.count - at);
        if (self == owner && self != writer) {
          plane_->send(state.at(at), count, int(writer), stream);
          continue;
        }
        if (self != owner) plane_->recv(received.view(), count, int(owner), stream);
        part.resize(size_t(count) * element);
        device_.copy(part.data(), self == owner ? state.at(at).data : received.view().data, part.size(),
                     CopyKind::device_to_host, stream);
        device_.synchronize(stream);
        add_part(held, {elements.begin + at, count}, part.data(), element);
      }
    }
  }
  // Nobody runs ahead of the writer by more than a tensor.
  if (plane_) plane_->barrier();
  return whole_;
}

void TensorCollector::add_part(const Parameter& held, Range elements, const uint8_t* values, size_t element) {
  const Box& box = held.box;
  for (int64_t at = elements.begin; at < elements.end();) {
    const int64_t row = at / box.col_count, col = at % box.col_count;
    const int64_t count = std::min(box.col_count - col, elements.end() - at);
    const int64_t to = (box.row_begin + row) * held.cols + box.col_begin + col;
    std::memcpy(whole_.data() + size_t(to) * element, values + size_t(at - elements.begin) * element,
                size_t(count) * element);
    at += count;
  }
}

}  // namespace flm
