#pragma once
#include "engine/device_buffer.h"
#include "model/run.h"

namespace flm {

// cos, sin and for xPos zeta^e of every position of the context, computed in double.
class RotaryTableBuffers {
 public:
  RotaryTableBuffers(Device& device, const ModelShape& shape, DType stat);
  RotaryTables views() const { return {cos_.view(), sin_.view(), zeta_.view()}; }
  size_t bytes() const { return cos_.bytes() + sin_.bytes() + zeta_.bytes(); }

 private:
  DeviceBuffer cos_, sin_, zeta_;
};

}  // namespace flm
