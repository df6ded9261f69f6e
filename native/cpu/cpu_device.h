#pragma once
#include <memory>

#include "core/device.h"
#include "cpu/cpu_state.h"

namespace flm::cpu {

// The host as a device, whose memory the state's threads zero.
std::unique_ptr<Device> make_device(const CpuState& state);

}  // namespace flm::cpu
