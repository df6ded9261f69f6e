#pragma once
#include <memory>

#include "comm/communicator.h"

namespace flm {

// A group of one: a reduction leaves its data, a gather copies it. Throws Error(invalid_argument) for another
// rank.
std::unique_ptr<Communicator> make_single_communicator(Device& device);

}  // namespace flm
