#pragma once
// How two ranks make sure of each other before a socket carries anything else. The one who connects (the
// higher rank) sends a Hello; the other answers with a proof or a reason for refusing; the first then proves
// itself. Each proof is an HMAC over both nonces, so that none can be replayed.
#include <cstdint>
#include <functional>
#include <string>

#include "comm/host/deadline.h"
#include "comm/host/host_group.h"
#include "comm/host/sha256.h"

namespace flm::host {

constexpr size_t kMaxJobBytes = 200;

struct Hello {
  uint64_t magic;  // also tells the version and the byte order
  int32_t rank, size;
  char job[kMaxJobBytes + 8];
  Digest nonce;
};
struct Answer {
  Digest nonce;
  Digest proof;
  char refusal[512];  // empty: welcome
};
struct Proof {
  Digest proof;
};
struct Verdict {
  char refusal[512];
};

// The side that connects. Throws Error(invalid_argument) with the reason when either side refuses.
void introduce_to(int peer, int socket, const HostGroup& group, const Deadline& deadline);

// The side that accepts: what it knows of one stranger, as bytes arrive.
class Visitor {
 public:
  Visitor(FileDescriptor socket, const HostGroup& group);

  int socket() const { return socket_.get(); }
  const Deadline& deadline() const { return deadline_; }
  enum class State { talking, joined, refused };
  // Reads what is there; `taken(rank)` says whether that rank has joined before.
  State advance(const std::function<bool(int)>& taken);
  int rank() const { return hello_.rank; }
  const std::string& refusal() const { return refusal_; }
  FileDescriptor take_socket() { return std::move(socket_); }

 private:
  // True when the message is complete; refuses when the visitor has gone.
  bool fill(void* message, size_t bytes);
  State answer(const std::function<bool(int)>& taken);
  State judge();
  State refuse(const std::string& reason);

  FileDescriptor socket_;
  const HostGroup& group_;
  Deadline deadline_;
  size_t got_ = 0;  // bytes of the message that is on its way
  bool answered_ = false;
  Hello hello_{};
  Answer answer_{};
  Proof proof_{};
  std::string refusal_;
};

}  // namespace flm::host
