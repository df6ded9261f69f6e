#include "engine/mask_buffers.h"

#include "engine/host_values.h"

namespace flm {

namespace {

void check_length(const char* axis, size_t got, int64_t want) {
  FLM_CHECK(got == 0 || int64_t(got) == want, ErrorCode::invalid_argument, "the growth mask of ", axis,
            " has ", got, " entries, the model has ", want);
}

void append(std::vector<uint8_t>& to, const std::vector<uint8_t>& mask, Range held) {
  if (mask.empty())
    to.resize(to.size() + size_t(held.count));
  else
    to.insert(to.end(), mask.begin() + held.begin, mask.begin() + held.end());
}

Range even(int64_t size, const Shard& shard) {
  const int64_t part = size / shard.tensor_size;
  return {part * shard.tensor_rank, part};
}

// In the order of a packed qkv: query heads, key heads, value heads.
std::vector<uint8_t> join_heads(const GrowthMasks& masks, const ModelShape& shape, const Shard& shard) {
  if (masks.heads.empty() && masks.kv_heads.empty()) return {};
  std::vector<uint8_t> all;
  append(all, masks.heads, even(shape.num_attention_heads, shard));
  for (int key_or_value = 0; key_or_value < 2; ++key_or_value)
    append(all, masks.kv_heads, kv_group_range(shape, shard));
  return all;
}

}  // namespace

MaskBuffers::MaskBuffers(Device& device, const ModelShape& shape, const Shard& shard,
                         const GrowthMasks& masks, DType stat)
    : device_(device) {
  check_length("hidden_size", masks.hidden.size(), shape.hidden_size);
  check_length("ffn_hidden_size", masks.ffn.size(), shape.ffn_hidden_size);
  check_length("num_attention_heads", masks.heads.size(), shape.num_attention_heads);
  check_length("num_kv_heads", masks.kv_heads.size(), shape.num_kv_heads);
  check_length("num_layers", masks.layers.size(), shape.num_layers);
  hidden_ = axis(masks.hidden, stat);
  std::vector<uint8_t> ffn;
  if (!masks.ffn.empty()) append(ffn, masks.ffn, even(shape.ffn_hidden_size, shard));
  ffn_ = axis(std::move(ffn), stat);
  heads_ = axis(join_heads(masks, shape, shard), stat);
  if (!masks.layers.empty())
    for (const Range& chunk : shard.chunks) append(layers_, masks.layers, chunk);
}

MaskBuffers::Axis MaskBuffers::axis(std::vector<uint8_t> is_new, DType stat) {
  Axis made;
  if (!is_new.empty()) made.buffer = DeviceBuffer(device_, int64_t(is_new.size()), stat);
  made.is_new = std::move(is_new);
  return made;
}

In MaskBuffers::Axis::update(Device& device, double to, bool force) {
  if (is_new.empty() || (to == 1 && !force)) return {};
  if (to != m) {
    std::vector<double> values;
    sum = 0;
    for (const uint8_t added : is_new) {
      values.push_back(added ? to : 1);
      sum += values.back();
    }
    upload(device, buffer.view(), values);
    m = to;
  }
  return buffer.view();
}

const GrowthMaskViews& MaskBuffers::at(const Ramp& ramp, bool force) {
  views_.hidden = hidden_.update(device_, ramp.hidden, force);
  views_.hidden_sum = hidden_.sum;
  views_.ffn = ffn_.update(device_, ramp.ffn, force);
  views_.heads = heads_.update(device_, ramp.heads, force);
  views_.layer_mix.clear();
  if (!layers_.empty() && (ramp.layers != 1 || force))
    for (const uint8_t added : layers_) views_.layer_mix.push_back(added ? ramp.layers : -1);
  return views_;
}

}  // namespace flm
