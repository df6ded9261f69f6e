#include "engine/tensor_collector.h"

#include <algorithm>
#include <cstring>

namespace flm {
namespace {

// Tensors travel in pieces: a device that training has filled has no room for a whole one.
constexpr size_t kPieceBytes = 8 << 20;

// What one tensor-parallel rank holds of a tensor, piece by piece in a fixed order: the data-parallel rank
// that owns it, the elements, and where they begin in that rank's slice. Of what replicas hold, one counts.
template <class Use>
void for_pieces(const ParameterLayout& layout, const Parameter& held, int64_t most, Use&& use) {
  if (held.replica != 0) return;
  for (int64_t owner = 0; owner < (held.is_matrix ? layout.data_size : 1); ++owner) {
    const Range slice = held.is_matrix ? layout.owned(held, owner).elements : Range{0, held.size()};
    for (int64_t at = 0; at < slice.count; at += most)
      use(owner, Range{slice.begin + at, std::min(most, slice.count - at)}, at);
  }
}

}  // namespace

TensorCollector::TensorCollector(const ParameterStore& store, const EngineSpec& spec, const Shard& shard,
                                 Device& device, const Groups& groups)
    : store_(store), device_(device), groups_(groups), mesh_(spec.mesh) {
  for (int64_t rank = 0; rank < shard.tensor_size; ++rank) {
    Shard other = shard;
    other.tensor_rank = rank;
    layouts_.push_back(parameter_layout(spec.shape, other, spec.mesh.data_size));
  }
}

const std::vector<uint8_t>& TensorCollector::collect(const SaveItem& item, int64_t writer) {
  const int64_t writer_data = writer / mesh_.tensor_size, writer_tensor = writer % mesh_.tensor_size;
  const bool is_beside = mesh_.data_rank == writer_data,
             is_writer = is_beside && mesh_.tensor_rank == writer_tensor;
  const Stream stream = device_.stream(StreamRole::compute);
  const Parameter& own = store_.layout().find(item.tensor);
  const Out state = store_.state(own, item.kind);
  const size_t element = size_of(state.dtype);
  whole_.resize(is_writer ? size_t(own.rows * own.cols) * element : 0);

  const int64_t most = std::min(own.rows * own.cols, int64_t(kPieceBytes / element));
  const DeviceBuffer piece(device_, most, state.dtype);
  for_pieces(layouts_[size_t(mesh_.tensor_rank)], own, most, [&](int64_t owner, Range elements, int64_t at) {
    const bool is_here = !own.is_matrix || owner == mesh_.data_rank;
    const Out values = is_here ? state.at(at) : piece.view();
    if (own.is_matrix && groups_.data) groups_.data->broadcast(values, elements.count, int(owner), stream);
    if (is_writer)
      add_piece(own, elements, values, stream);
    else if (is_beside)
      groups_.tensor->send(values, elements.count, int(writer_tensor), stream);
  });
  for (int64_t other = 0; is_writer && other < mesh_.tensor_size; ++other) {
    if (other == mesh_.tensor_rank) continue;
    const Parameter& held = layouts_[size_t(other)].find(item.tensor);
    for_pieces(layouts_[size_t(other)], held, most, [&](int64_t, Range elements, int64_t) {
      groups_.tensor->recv(piece.view(), elements.count, int(other), stream);
      add_piece(held, elements, piece.view(), stream);
    });
  }
  device_.synchronize(stream);  // before `piece` goes
  // Nobody runs ahead of the writer by more than a tensor.
  if (groups_.plane) groups_.plane->barrier();
  return whole_;
}

void TensorCollector::add_piece(const Parameter& held, Range elements, In values, Stream stream) {
  const size_t element = size_of(values.dtype);
  piece_.resize(size_t(elements.count) * element);
  device_.copy_now(piece_.data(), values.data, piece_.size(), CopyKind::device_to_host, stream);
  const Box& box = held.box;
  for (int64_t at = elements.begin; at < elements.end();) {
    const int64_t row = at / box.col_count, col = at % box.col_count;
    const int64_t count = std::min(box.col_count - col, elements.end() - at);
    const int64_t to = (box.row_begin + row) * held.cols + box.col_begin + col;
    std::memcpy(whole_.data() + size_t(to) * element, piece_.data() + size_t(at - elements.begin) * element,
                size_t(count) * element);
    at += count;
  }
}

}  // namespace flm
