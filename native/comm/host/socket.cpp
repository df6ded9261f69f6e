#include "comm/host/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

#include "core/system_error.h"

namespace flm::host {
namespace {

constexpr int kFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
constexpr int kRetryMilliseconds = 20;
constexpr int kPollMilliseconds = 100;

// A socket's address with its true length.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address unix_address(const std::string& name) {
  Address result;
  auto& address = reinterpret_cast<sockaddr_un&>(result.storage);
  FLM_CHECK(name.size() + 1 < sizeof address.sun_path, ErrorCode::invalid_argument, "unix socket name \"",
            name, "\" is longer than ", sizeof address.sun_path - 2, " bytes");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());  // a first byte of zero makes it abstract
  result.length = socklen_t(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return result;
}

Address tcp_address(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  FLM_CHECK(error == 0, ErrorCode::io, "cannot resolve address \"", host, "\": ", ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  Address result;
  std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
  result.length = found->ai_addrlen;
  return result;
}

FileDescriptor open_listener(const Address& address, const std::string& name) {
  FileDescriptor socket(::socket(address.storage.ss_family, kFlags, 0));
  if (!socket || ::bind(socket.get(), address.get(), address.length) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0)
    fail_errno("listen on", name);
  return socket;
}

// False where poll's time is over.
bool wait_for(int socket, short what, const Deadline& deadline) {
  while (!deadline.passed()) {
    pollfd entry{socket, what, 0};
    if (::poll(&entry, 1, deadline.milliseconds_left(kPollMilliseconds)) > 0) return true;
  }
  return false;
}

// 0, or the errno of the attempt.
int try_connect(int socket, const Address& address, const Deadline& deadline) {
  if (::connect(socket, address.get(), address.length) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(socket, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

void set(int socket, int level, int option, int value) {
  ::setsockopt(socket, level, option, &value, sizeof value);
}

// Small messages do not wait for larger ones. Does nothing to a unix socket.
void send_at_once(int socket) { set(socket, IPPROTO_TCP, TCP_NODELAY, 1); }

FileDescriptor connect_to(const Address& address, const std::string& name, const Deadline& deadline) {
  for (;;) {
    FileDescriptor socket(::socket(address.storage.ss_family, kFlags, 0));
    if (!socket) fail_errno("open a socket to", name);
    const int error = try_connect(socket.get(), address, deadline);
    if (error == 0) {
      send_at_once(socket.get());
      return socket;
    }
    FLM_CHECK(!deadline.passed(), ErrorCode::comm_timeout, "cannot connect to ", name, ": ",
              std::generic_category().message(error));
    ::poll(nullptr, 0, deadline.milliseconds_left(kRetryMilliseconds));
  }
}

}  // namespace

FileDescriptor listen_unix(const std::string& abstract_name) {
  return open_listener(unix_address(abstract_name), "unix socket @" + abstract_name);
}

FileDescriptor listen_tcp(const std::string& address, int* port) {
  FileDescriptor socket = open_listener(tcp_address(address, 0), address);
  Address bound;
  bound.length = sizeof bound.storage;
  if (::getsockname(socket.get(), bound.get(), &bound.length) != 0) fail_errno("read the port of", address);
  *port = ntohs(bound.storage.ss_family == AF_INET6
                    ? reinterpret_cast<const sockaddr_in6&>(bound.storage).sin6_port
                    : reinterpret_cast<const sockaddr_in&>(bound.storage).sin_port);
  return socket;
}

FileDescriptor connect_unix(const std::string& abstract_name, const Deadline& deadline) {
  return connect_to(unix_address(abstract_name), "unix socket @" + abstract_name, deadline);
}

FileDescriptor connect_tcp(const std::string& address, int port, const Deadline& deadline) {
  return connect_to(tcp_address(address, port), address + " port " + std::to_string(port), deadline);
}

FileDescriptor accept_from(int listener) {
  FileDescriptor socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) send_at_once(socket.get());
  return socket;
}

void lose_when_silent(int socket, double silence_seconds) {
  constexpr int kProbes = 3, kLongestProbe = 32767;
  const int probe_seconds = std::clamp(int(silence_seconds / (kProbes + 2)), 1, kLongestProbe);
  set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, int(1000 * silence_seconds));
  set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(socket, IPPROTO_TCP, TCP_KEEPIDLE, probe_seconds);
  set(socket, IPPROTO_TCP, TCP_KEEPINTVL, probe_seconds);
  set(socket, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

void write_all(int socket, const void* data, size_t bytes, const Deadline& deadline) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    FLM_CHECK(wait_for(socket, POLLOUT, deadline), ErrorCode::comm_timeout, "a peer does not read");
    const ssize_t sent = ::send(socket, from, bytes, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    FLM_CHECK(sent > 0, ErrorCode::comm_peer_lost, "a peer closed its connection");
    from += sent;
    bytes -= size_t(sent);
  }
}

void read_all(int socket, void* data, size_t bytes, const Deadline& deadline) {
  char* to = static_cast<char*>(data);
  while (bytes > 0) {
    FLM_CHECK(wait_for(socket, POLLIN, deadline), ErrorCode::comm_timeout, "a peer does not answer");
    const ssize_t got = ::recv(socket, to, bytes, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    FLM_CHECK(got > 0, ErrorCode::comm_peer_lost, "a peer closed its connection");
    to += got;
    bytes -= size_t(got);
  }
}

}  // namespace flm::host
