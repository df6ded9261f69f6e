#include "comm/host/host_identity.h"

#include <unistd.h>

#include <fstream>

namespace flm::host {
namespace {

// Such as "net:[4026531840]"; empty where there are no namespaces.
std::string namespace_of(const char* link) {
  char text[64];
  const ssize_t length = ::readlink(link, text, sizeof text);
  return length > 0 ? std::string(text, size_t(length)) : std::string();
}

}  // namespace

std::string host_identity() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  return boot + " " + namespace_of("/proc/self/ns/mnt") + " " + namespace_of("/proc/self/ns/net");
}

}  // namespace flm::host
