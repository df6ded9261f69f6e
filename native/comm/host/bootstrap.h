#pragma once
#include <vector>

#include "comm/host/host_group.h"

namespace flm::host {

// A checked socket to each rank, empty for this one: a unix socket where both share a host, TCP otherwise. A
// rank connects to those below it and waits for those above. Throws as make_host_communicator says.
std::vector<FileDescriptor> connect_group(const HostListener& listener, const HostGroup& group);

}  // namespace flm::host
