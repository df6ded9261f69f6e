#pragma once
// Stream sockets, all of them non-blocking. What fails throws Error(io) unless it says otherwise.
#include <string>

#include "comm/host/deadline.h"
#include "comm/host/file_descriptor.h"

namespace flm::host {

FileDescriptor listen_unix(const std::string& abstract_name);
// `port` receives the one that the system chose.
FileDescriptor listen_tcp(const std::string& address, int* port);

// Tries until someone listens or the deadline has passed; then throws Error(comm_timeout).
FileDescriptor connect_unix(const std::string& abstract_name, const Deadline& deadline);
FileDescriptor connect_tcp(const std::string& address, int port, const Deadline& deadline);

// An empty one where nobody waits, or who waited has gone.
FileDescriptor accept_from(int listener);
// From now on a peer from which nothing comes for so long is lost. While ranks join they may stand still for
// longer, and a full queue at a door is no loss. Does nothing to a unix socket.
void lose_when_silent(int socket, double silence_seconds);

// All bytes or Error: comm_timeout, or comm_peer_lost where the peer closed.
void write_all(int socket, const void* data, size_t bytes, const Deadline& deadline);
void read_all(int socket, void* data, size_t bytes, const Deadline& deadline);

}  // namespace flm::host
