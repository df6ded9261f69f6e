#pragma once
// How processes of one or several hosts become a group that talks over shared memory and sockets. Each opens
// a listener, the endpoints are exchanged by other means (the rendezvous store; a vector in a test), and each
// makes its communicator from all of them.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "comm/host/file_descriptor.h"

namespace flm {

// Where one rank can be reached.
struct HostEndpoint {
  std::string host;       // what identifies the machine and its namespaces: equal = can share memory
  std::string unix_name;  // of an abstract unix socket, without its leading zero byte
  std::string address;    // numeric or a name; TCP, for ranks with another `host`
  int port = 0;
};

// The open doors of one rank, from before its endpoint is known until the group is complete.
class HostListener {
 public:
  // Listens on `bind_address` with a port that the system chooses, and on a unix socket. Where that address
  // is not one others can use ("0.0.0.0"), set the endpoint's `address`. Throws Error(io).
  explicit HostListener(const std::string& bind_address);

  const HostEndpoint& endpoint() const { return endpoint_; }
  int unix_socket() const { return unix_.get(); }
  int tcp_socket() const { return tcp_.get(); }

 private:
  HostEndpoint endpoint_;
  host::FileDescriptor unix_, tcp_;
};

struct HostGroup {
  int rank = 0;
  std::vector<HostEndpoint> peers;  // of all ranks, this one's too
  std::string job;                  // job and attempt: others are refused; at most 200 bytes
  std::vector<uint8_t> secret;      // each pair proves that it knows it; empty: no proof is asked for
  double timeout_seconds = 600;     // of every wait
  double silence_seconds = 5;       // of a rank on another machine, before it is lost
};

// A group of one gets the single communicator. Collective: throws Error(comm_timeout) naming the ranks that
// did not come in time, Error(invalid_argument) naming both sides when job, size or secret differ.
std::unique_ptr<Communicator> make_host_communicator(Device& device, HostListener listener,
                                                     const HostGroup& group);

}  // namespace flm
