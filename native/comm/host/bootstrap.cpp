#include "comm/host/bootstrap.h"

#include <poll.h>

#include <list>
#include <sstream>

#include "comm/host/handshake.h"
#include "comm/host/socket.h"
#include "core/error.h"

namespace flm::host {
namespace {

constexpr int kPollMilliseconds = 100;
constexpr size_t kMaxRefusalsKept = 4;

FileDescriptor connect_to(int peer, const HostGroup& group, const Deadline& deadline) {
  const HostEndpoint& endpoint = group.peers[size_t(peer)];
  try {
    FileDescriptor socket = endpoint.host == group.peers[size_t(group.rank)].host
                                ? connect_unix(endpoint.unix_name, deadline)
                                : connect_tcp(endpoint.address, endpoint.port, deadline);
    introduce_to(peer, socket.get(), group, deadline);
    return socket;
  } catch (const Error& error) {
    fail(error.code(), "rank ", group.rank, " cannot join rank ", peer, " of job \"", group.job,
         "\": ", error.what());
  }
}

// Lets the higher ranks in, whoever else knocks.
class Door {
 public:
  Door(const HostListener& listener, const HostGroup& group, std::vector<FileDescriptor>& sockets)
      : listener_(listener), group_(group), sockets_(sockets) {}

  void let_in_all(const Deadline& deadline) {
    while (!missing().empty()) {
      if (deadline.passed()) give_up();
      poll(deadline);
    }
  }

 private:
  void poll(const Deadline& deadline) {
    std::vector<pollfd> entries{{listener_.unix_socket(), POLLIN, 0}, {listener_.tcp_socket(), POLLIN, 0}};
    for (const Visitor& visitor : visitors_) entries.push_back({visitor.socket(), POLLIN, 0});
    ::poll(entries.data(), entries.size(), deadline.milliseconds_left(kPollMilliseconds));
    size_t i = 2;
    for (auto visitor = visitors_.begin(); visitor != visitors_.end(); ++i)
      visitor = entries[i].revents || visitor->deadline().passed() ? serve(visitor) : std::next(visitor);
    for (const int door : {listener_.unix_socket(), listener_.tcp_socket()}) {
      while (FileDescriptor socket = accept_from(door)) visitors_.emplace_back(std::move(socket), group_);
    }
    // Strangers must not use up the descriptors.
    while (visitors_.size() > 2 * sockets_.size() + 16) visitors_.pop_front();
  }

  std::list<Visitor>::iterator serve(std::list<Visitor>::iterator visitor) {
    Visitor::State state = Visitor::State::refused;
    try {
      state = visitor->advance([this](int rank) { return bool(sockets_[size_t(rank)]); });
    } catch (const Error&) {
      // It went away, or does not read; it may come again.
    }
    if (state == Visitor::State::talking) return std::next(visitor);
    if (state == Visitor::State::joined)
      sockets_[size_t(visitor->rank())] = visitor->take_socket();
    else if (refusals_.size() < kMaxRefusalsKept && !visitor->refusal().empty())
      refusals_.push_back(visitor->refusal());
    return visitors_.erase(visitor);
  }

  std::vector<int> missing() const {
    std::vector<int> ranks;
    for (size_t rank = size_t(group_.rank) + 1; rank < sockets_.size(); ++rank)
      if (!sockets_[rank]) ranks.push_back(int(rank));
    return ranks;
  }

  [[noreturn]] void give_up() const {
    std::ostringstream text;
    text << "rank " << group_.rank << " of " << sockets_.size() << " waited " << group_.timeout_seconds
         << " s for rank";
    for (const int rank : missing()) text << " " << rank;
    text << " to join job \"" << group_.job << "\"";
    for (const std::string& refusal : refusals_) text << "; it refused a caller: " << refusal;
    fail(ErrorCode::comm_timeout, text.str());
  }

  const HostListener& listener_;
  const HostGroup& group_;
  std::vector<FileDescriptor>& sockets_;
  std::list<Visitor> visitors_;
  std::vector<std::string> refusals_;
};

}  // namespace

std::vector<FileDescriptor> connect_group(const HostListener& listener, const HostGroup& group) {
  const Deadline deadline(group.timeout_seconds);
  std::vector<FileDescriptor> sockets(group.peers.size());
  for (int peer = 0; peer < group.rank; ++peer) sockets[size_t(peer)] = connect_to(peer, group, deadline);
  Door(listener, group, sockets).let_in_all(deadline);
  for (const FileDescriptor& socket : sockets)
    if (socket) lose_when_silent(socket.get(), group.silence_seconds);
  return sockets;
}

}  // namespace flm::host
