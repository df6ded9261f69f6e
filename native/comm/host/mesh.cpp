#include "comm/host/mesh.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <exception>
#include <new>

#include "core/system_error.h"
#include "core/xxh64.h"

namespace flm::host {
namespace {

constexpr double kFarewellSeconds = 2;
constexpr int kPollMilliseconds = 1000;
// What may wait for one peer's network before a sender waits too.
constexpr size_t kMaxPendingBytes = size_t(64) << 20;
constexpr std::chrono::milliseconds kPendingPause(1);

uint64_t hash_of(const std::string& text) {
  Xxh64 hash;
  hash.update({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  return hash.digest();
}

}  // namespace

Mesh::Mesh(int rank, std::vector<FileDescriptor> sockets, std::vector<std::string> hosts,
           const std::string& job)
    : rank_(rank),
      hosts_(std::move(hosts)),
      job_(hash_of(job)),
      links_(sockets.size()),
      left_(sockets.size()),
      ended_(sockets.size()),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!wake_) fail_errno("open", "an eventfd");
  for (size_t peer = 0; peer < sockets.size(); ++peer)
    if (sockets[peer]) links_[peer] = std::make_unique<Link>(std::move(sockets[peer]), pool_);
  watch_.emplace(fault_, [this] {
    {
      const std::lock_guard lock(mutex_);
    }  // no waiter is between its check and its sleep
    arrived_.notify_all();
    wake_thread();
  });
  thread_ = std::thread([this] { run(); });
}

Mesh::~Mesh() {
  closing_ = true;
  wake_thread();
  thread_.join();
}

void Mesh::send(const Call& call, uint64_t group, Channel channel, int to, const void* data, size_t bytes,
                int descriptor) {
  fault_.check();
  Link& link = *links_[size_t(to)];
  while (link.pending_bytes() > kMaxPendingBytes) {
    std::this_thread::sleep_for(kPendingPause);
    fault_.check();
    if (call.deadline.passed()) throw WaitTimeout{{to}};
  }
  if (link.send({job_, group, call.operation, bytes, channel, 0}, data, descriptor)) wake_thread();
}

Message Mesh::receive(const Call& call, uint64_t group, Channel channel, int from) {
  std::unique_lock lock(mutex_);
  Mailbox& box = mailboxes_[{group, channel, from}];
  while (box.messages.empty()) {
    fault_.check();
    if (channel != Channel::setup) check_partners(call, group);
    FLM_CHECK(!left_[size_t(from)], ErrorCode::comm_peer_lost, "rank ", from, " has ended, and rank ", rank_,
              " waits for it in ", describe(call.operation));
    if (call.deadline.passed()) throw WaitTimeout{{from}};
    arrived_.wait_until(lock, call.deadline.at());
  }
  Message message = std::move(box.messages.front());
  box.messages.pop_front();
  const bool collective = channel == Channel::inputs || channel == Channel::results;
  if (collective && message.header.operation != call.operation)
    throw Mismatch{from, message.header.operation};
  return message;
}

// A rank that this one does not wait for may be the one that went astray: an old or other operation of the
// same number means that the two will never meet.
void Mesh::check_partners(const Call& call, uint64_t group) {
  if (call.operation.verb == Verb::recv) return;
  for (auto it = mailboxes_.lower_bound({group, Channel::inputs, 0});
       it != mailboxes_.end() && it->first.group == group && it->first.channel <= Channel::results; ++it) {
    if (it->second.messages.empty()) continue;
    const Operation& theirs = it->second.messages.front().header.operation;
    if (theirs.sequence <= call.operation.sequence && theirs != call.operation)
      throw Mismatch{it->first.from, theirs};
  }
}

bool Mesh::has_come(uint64_t group, int from, uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  for (const Channel channel : {Channel::inputs, Channel::results}) {
    const auto found = mailboxes_.find({group, channel, from});
    if (found != mailboxes_.end() && found->second.newest >= sequence) return true;
  }
  return false;
}

void Mesh::forget(uint64_t group) {
  const std::lock_guard lock(mutex_);
  std::erase_if(mailboxes_, [&](const auto& entry) { return entry.first.group == group; });
}

void Mesh::run() {
  try {
    while (!closing_) poll_once(kPollMilliseconds);
    announce_fault();
    if (!fault_.raised()) announce(Channel::goodbye, "");
    const Deadline deadline(kFarewellSeconds);
    while (anything_pending() && !deadline.passed()) poll_once(deadline.milliseconds_left(kPollMilliseconds));
  } catch (const std::bad_alloc&) {
    fault_.raise(ErrorCode::out_of_memory, "no host memory left for what other ranks send");
  } catch (const std::exception& error) {
    fault_.raise(ErrorCode::internal, std::string("the communicator's thread failed: ") + error.what());
  }
}

void Mesh::poll_once(int timeout_milliseconds) {
  std::vector<pollfd> entries{{wake_.get(), POLLIN, 0}};
  std::vector<int> peers{rank_};
  for (size_t peer = 0; peer < links_.size(); ++peer) {
    if (!links_[peer] || ended_[peer]) continue;
    entries.push_back(
        {links_[peer]->socket(), short(POLLIN | (links_[peer]->pending_bytes() ? POLLOUT : 0)), 0});
    peers.push_back(int(peer));
  }
  ::poll(entries.data(), entries.size(), timeout_milliseconds);
  uint64_t count;
  [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &count, sizeof count);
  for (size_t i = 1; i < entries.size(); ++i) {
    if (entries[i].revents & (POLLIN | POLLHUP | POLLERR)) read_from(peers[i]);
    if (entries[i].revents & POLLOUT) links_[size_t(peers[i])]->flush();
  }
  announce_fault();
}

// A fault that came from another rank is passed on too: a peer may see the end of this rank before it hears
// of the first cause.
void Mesh::announce_fault() {
  if (!fault_.raised() || announced_fault_) return;
  announced_fault_ = true;
  const std::string own = "rank " + std::to_string(rank_) + " gave up: ";
  announce(Channel::abort, fault_is_remote_ ? fault_.text() : own + fault_.text());
}

void Mesh::read_from(int peer) {
  std::string reason;
  if (links_[size_t(peer)]->read([&](Message message) { deliver(peer, std::move(message)); }, &reason))
    return;
  ended_[size_t(peer)] = true;
  bool left;
  {
    const std::lock_guard lock(mutex_);
    left = left_[size_t(peer)];
  }
  if (!left) {
    fault_.raise(ErrorCode::comm_peer_lost,
                 "rank " + std::to_string(rank_) + " lost rank " + std::to_string(peer) + ": " + reason +
                     " without a goodbye; it has died, or the network between them is cut");
  }
}

void Mesh::deliver(int peer, Message message) {
  const FrameHeader& header = message.header;
  if (header.job != job_) {
    fault_.raise(
        ErrorCode::comm_mismatch,
        "rank " + std::to_string(rank_) + " got a message of another job from rank " + std::to_string(peer));
    return;
  }
  if (header.channel == Channel::abort) {
    fault_is_remote_ = !fault_.raised();
    const auto* text = reinterpret_cast<const char*>(message.payload.data());
    fault_.raise(ErrorCode(header.code), std::string(text, message.payload.size()));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (header.channel == Channel::goodbye) {
      left_[size_t(peer)] = true;
    } else {
      Mailbox& box = mailboxes_[{header.group, header.channel, peer}];
      box.newest = header.operation.sequence;
      box.messages.push_back(std::move(message));
    }
  }
  arrived_.notify_all();
}

void Mesh::announce(Channel channel, const std::string& text) {
  for (size_t peer = 0; peer < links_.size(); ++peer) {
    if (!links_[peer] || ended_[peer]) continue;
    links_[peer]->send({job_, 0, {}, text.size(), channel, uint32_t(fault_.code())}, text.data());
  }
}

bool Mesh::anything_pending() const {
  for (size_t peer = 0; peer < links_.size(); ++peer)
    if (links_[peer] && !ended_[peer] && links_[peer]->pending_bytes() > 0) return true;
  return false;
}

void Mesh::wake_thread() noexcept {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
}

}  // namespace flm::host
