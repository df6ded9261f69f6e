#include "engine/int8_matrices.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/int8_block.h"
#include "engine/host_values.h"
#include "engine/transfer.h"

namespace flm {

namespace {

// Elements that are read, rounded and handed over at a time.
constexpr int64_t kStagedElements = int64_t(1) << 22;

void check(const EngineSpec& spec) {
  FLM_CHECK(!spec.trainable, ErrorCode::invalid_argument,
            "int8_weights is set for an engine that trains; weights are learned in f32 or bf16");
  FLM_CHECK(
      spec.device == DeviceKind::cpu, ErrorCode::not_supported,
      "int8 weights are computed with on the CPU; choose device cpu, or hold the weights in bf16 or f32");
}

}  // namespace

Int8Matrices::Int8Matrices(Device& device, const EngineSpec& spec, Int8Layout layout, DType stat)
    : layout_(std::move(layout)) {
  check(spec);
  values_ = DeviceBuffer(device, layout_.values_total, DType::i8);
  scales_ = DeviceBuffer(device, layout_.scales_total, stat);
}

void Int8Matrices::load(Device& device, Stream stream, const Move& move, const LoadPlan& plan,
                        const Parameter& p) const {
  const auto& place = layout_.places.at(p.name);
  const int64_t cols = p.box.col_count, blocks = scale_blocks(cols);
  const int64_t most_rows = std::max<int64_t>(1, kStagedElements / cols);
  std::vector<float> exact;
  std::vector<int8_t> values;
  std::vector<double> scales;
  for (int64_t row = 0; row < p.box.row_count; row += most_rows) {
    const int64_t rows = std::min(most_rows, p.box.row_count - row);
    exact.resize(size_t(rows * cols));
    values.resize(exact.size());
    scales.clear();
    fill_tensor(move, plan, p.rows, p.cols, {p.box.row_begin + row, rows, p.box.col_begin, cols},
                {exact.data(), DType::f32});
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t col = 0; col < cols; col += kScaleBlock) {
        const size_t at = size_t(i * cols + col);
        scales.push_back(quantize_block(&exact[at], std::min(kScaleBlock, cols - col), &values[at]));
      }
    device.copy_now(values_.view().at(place.values + row * cols).data, values.data(), values.size(),
                    CopyKind::host_to_device, stream);
    upload(device, scales_.view().at(place.scales + row * blocks), scales);
  }
}

}  // namespace flm
