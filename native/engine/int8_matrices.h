#pragma once
#include "engine/device_buffer.h"
#include "engine/spec.h"
#include "model/int8_layout.h"

namespace flm {

// The matrices of products in int8, rounded from a checkpoint as it is read: for inference. Data-parallel
// ranks share nothing of them: each reads all that it holds.
class Int8Matrices {
 public:
  // Throws Error(invalid_argument or not_supported) for a spec whose engine cannot hold them.
  Int8Matrices(Device& device, const EngineSpec& spec, Int8Layout layout, DType stat);

  const Int8Layout& layout() const { return layout_; }
  In values() const { return values_.view(); }
  In scales() const { return scales_.view(); }
  size_t bytes() const { return values_.bytes() + scales_.bytes(); }

  bool holds(const Parameter& parameter) const { return layout_.places.contains(parameter.name); }
  // Fills one of them as the move says. Equal values whatever the stat type is.
  void load(Device& device, Stream stream, const Move& move, const LoadPlan& plan,
            const Parameter& parameter) const;

 private:
  Int8Layout layout_;
  DeviceBuffer values_, scales_;
};

}  // namespace flm
