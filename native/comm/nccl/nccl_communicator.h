#pragma once
// Ranks with a GPU each. NCCL moves and reduces; the host communicator's connections beneath carry NCCL's
// ids, barriers and splits, and tell of lost ranks, so that errors name the same things in both.
#include <memory>

#include "comm/host/host_group.h"
#include "comm/nccl/library.h"

namespace flm {

// Its verbs return when the work is on the stream; what goes wrong later is thrown by the next call and by
// check(). NCCL's own communicators are made when a group's first verb needs one. Also for a group of one, as
// a check of the library. Throws as make_host_communicator does.
std::unique_ptr<Communicator> make_nccl_communicator(Device& device,
                                                     std::shared_ptr<const nccl::Library> library,
                                                     HostListener listener, const HostGroup& group);

}  // namespace flm
