#pragma once
#include <string>

namespace flm::host {

// Equal for two processes that can share memory and reach each other's unix sockets: the boot and the
// namespaces of mounts and network. A host's name does not say that.
std::string host_identity();

}  // namespace flm::host
