#include <sys/random.h>

#include <cstdio>

#include "comm/host/host_group.h"
#include "comm/host/host_identity.h"
#include "comm/host/socket.h"
#include "core/system_error.h"

namespace flm {
namespace {

std::string unique_name() {
  uint64_t random[2];
  if (::getrandom(random, sizeof random, 0) != ssize_t(sizeof random)) fail_errno("read", "random bytes");
  char name[48];
  std::snprintf(name, sizeof name, "flm-%016llx%016llx", (unsigned long long)random[0],
                (unsigned long long)random[1]);
  return name;
}

}  // namespace

HostListener::HostListener(const std::string& bind_address) {
  endpoint_.host = host::host_identity();
  endpoint_.unix_name = unique_name();
  endpoint_.address = bind_address;
  unix_ = host::listen_unix(endpoint_.unix_name);
  tcp_ = host::listen_tcp(bind_address, &endpoint_.port);
}

}  // namespace flm
