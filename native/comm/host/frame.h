#pragma once
#include <cstdint>

#include "comm/host/buffer_pool.h"
#include "comm/host/file_descriptor.h"
#include "comm/operation.h"

namespace flm::host {

// Messages of one channel between two ranks of a group keep their order; those of two channels have none.
enum class Channel : uint32_t {
  inputs,   // of a collective: what a rank contributes
  results,  // of a collective: what a rank made of the contributions
  point,    // send and recv
  setup,    // of a group: its shared memory
  abort,    // the payload is the reason; ends all groups
  goodbye,  // the last message of a rank that has no group left
};

// What stands before each payload.
struct FrameHeader {
  uint64_t job = 0;    // a frame of another job or attempt is an error
  uint64_t group = 0;  // equal on the ranks of one group alone
  Operation operation;
  uint64_t bytes = 0;
  Channel channel = Channel::inputs;
  uint32_t code = 0;  // abort: the ErrorCode
};
static_assert(sizeof(FrameHeader) == 56);

struct Message {
  FrameHeader header;
  Buffer payload;
  FileDescriptor descriptor;  // one that came along, in channel setup
};

}  // namespace flm::host
