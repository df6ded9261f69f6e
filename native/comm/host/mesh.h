#pragma once
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "comm/fault.h"
#include "comm/host/call.h"
#include "comm/host/frame.h"
#include "comm/host/link.h"

namespace flm::host {

// The messages of one rank to and from all others, whatever group they belong to. Its thread always reads
// what arrives, so that no send of a peer ever waits for a receive here; a message that nobody waits for yet
// lies in memory. A peer whose connection ends without a goodbye raises the fault.
class Mesh {
 public:
  // sockets[peer] is checked by the handshake and empty for `rank` itself.
  Mesh(int rank, std::vector<FileDescriptor> sockets, std::vector<std::string> hosts, const std::string& job);
  ~Mesh();  // says goodbye, or what went wrong, and flushes for a short time

  int rank() const { return rank_; }
  bool share_host(int a, int b) const { return hosts_[size_t(a)] == hosts_[size_t(b)]; }
  Fault& fault() { return fault_; }

  // Waits only while the peer's network takes nothing of many megabytes.
  void send(const Call& call, uint64_t group, Channel channel, int to, const void* data, size_t bytes,
            int descriptor = -1);
  // The next message of that channel. Throws Mismatch where it, or another message of the group's
  // collectives, belongs to another operation than `call`; WaitTimeout{from}; the fault.
  Message receive(const Call& call, uint64_t group, Channel channel, int from);
  // Whether that rank has begun the group's collective number `sequence`.
  bool has_come(uint64_t group, int from, uint64_t sequence);
  // Drops what a finished group has left over.
  void forget(uint64_t group);

 private:
  struct Mailbox {
    std::deque<Message> messages;
    std::optional<uint64_t> newest;  // sequence of the newest message that ever came
  };
  struct Key {
    uint64_t group;
    Channel channel;
    int from;
    auto operator<=>(const Key&) const = default;
  };

  void run();
  void poll_once(int timeout_milliseconds);
  void read_from(int peer);
  void deliver(int peer, Message message);
  void announce_fault();
  void announce(Channel channel, const std::string& text);
  bool anything_pending() const;
  void wake_thread() noexcept;
  void check_partners(const Call& call, uint64_t group);

  const int rank_;
  const std::vector<std::string> hosts_;
  const uint64_t job_;
  Fault fault_;
  BufferPool pool_;  // before all that holds buffers
  std::vector<std::unique_ptr<Link>> links_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<Key, Mailbox> mailboxes_;
  std::vector<bool> left_;   // said goodbye
  std::vector<bool> ended_;  // stream at its end; the thread's alone

  FileDescriptor wake_;  // an eventfd
  std::atomic<bool> closing_{false};
  bool announced_fault_ = false;
  bool fault_is_remote_ = false;
  std::optional<FaultWatch> watch_;  // of the members above, as the thread is
  std::thread thread_;
};

}  // namespace flm::host
