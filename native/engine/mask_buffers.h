#pragma once
#include "engine/device_buffer.h"
#include "engine/spec.h"
#include "model/growth_mask.h"

namespace flm {

// The masks of a growth ramp on the device, remade when m changes.
class MaskBuffers {
 public:
  // `shape` and `masks` are the whole model's; this rank's part of them is kept.
  MaskBuffers(Device& device, const ModelShape& shape, const Shard& shard, const GrowthMasks& masks,
              DType stat);
  // Null views for axes whose m is 1, unless `force`.
  const GrowthMaskViews& at(const Ramp& ramp, bool force);

 private:
  struct Axis {
    std::vector<uint8_t> is_new;
    DeviceBuffer buffer;
    double m = -1;  // what the buffer holds
    double sum = 0;
    In update(Device& device, double to, bool force);
  };
  Axis axis(std::vector<uint8_t> is_new, DType stat);

  Device& device_;
  Axis hidden_, ffn_, heads_;
  std::vector<uint8_t> layers_;
  GrowthMaskViews views_;
};

}  // namespace flm
