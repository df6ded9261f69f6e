#include "comm/host/handshake.h"

#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "comm/host/socket.h"
#include "core/system_error.h"

namespace flm::host {
namespace {

constexpr uint64_t kMagic = 0x31306d6d6f636d66;
constexpr double kVisitSeconds = 5;

Digest random_nonce() {
  Digest nonce;
  if (::getrandom(nonce.data(), nonce.size(), 0) != ssize_t(nonce.size())) fail_errno("read", "random bytes");
  return nonce;
}

// `role` keeps one side's proof from serving as the other's.
Digest prove(const HostGroup& group, char role, int acceptor, const Hello& hello, const Digest& nonce) {
  std::vector<uint8_t> message{uint8_t(role), uint8_t(acceptor), uint8_t(acceptor >> 8),
                               uint8_t(acceptor >> 16)};
  const auto* bytes = reinterpret_cast<const uint8_t*>(&hello);
  message.insert(message.end(), bytes, bytes + sizeof hello);
  message.insert(message.end(), nonce.begin(), nonce.end());
  return hmac_sha256(group.secret, message);
}

template <size_t N>
void put_text(char (&field)[N], const std::string& text) {
  const size_t length = std::min(text.size(), N - 1);
  std::memcpy(field, text.data(), length);
  std::memset(field + length, 0, N - length);
}

template <size_t N>
std::string text_in(const char (&field)[N]) {
  return std::string(field, ::strnlen(field, N));
}

std::string wrong_secret(int rank) { return "its secret is not the one of rank " + std::to_string(rank); }

}  // namespace

void introduce_to(int peer, int socket, const HostGroup& group, const Deadline& deadline) {
  const auto check_welcome = [&](const std::string& refusal) {
    FLM_CHECK(refusal.empty(), ErrorCode::invalid_argument, "rank ", peer, " refuses rank ", group.rank, ": ",
              refusal);
  };
  Hello hello{};
  hello.magic = kMagic;
  hello.rank = group.rank;
  hello.size = int32_t(group.peers.size());
  put_text(hello.job, group.job);
  hello.nonce = random_nonce();
  write_all(socket, &hello, sizeof hello, deadline);

  Answer answer;
  read_all(socket, &answer, sizeof answer, deadline);
  check_welcome(text_in(answer.refusal));
  if (!group.secret.empty() && !equal_digests(answer.proof, prove(group, 'a', peer, hello, answer.nonce))) {
    fail(ErrorCode::invalid_argument, "rank ", group.rank, " refuses rank ", peer, ": ",
         wrong_secret(group.rank));
  }
  const Proof proof{prove(group, 'c', peer, hello, answer.nonce)};
  write_all(socket, &proof, sizeof proof, deadline);
  Verdict verdict;
  read_all(socket, &verdict, sizeof verdict, deadline);
  check_welcome(text_in(verdict.refusal));
}

Visitor::Visitor(FileDescriptor socket, const HostGroup& group)
    : socket_(std::move(socket)), group_(group), deadline_(kVisitSeconds) {}

Visitor::State Visitor::advance(const std::function<bool(int)>& taken) {
  if (deadline_.passed()) return refuse("it was silent");
  if (!answered_) {
    if (!fill(&hello_, sizeof hello_)) return refusal_.empty() ? State::talking : State::refused;
    return answer(taken);
  }
  if (!fill(&proof_, sizeof proof_)) return refusal_.empty() ? State::talking : State::refused;
  return judge();
}

bool Visitor::fill(void* message, size_t bytes) {
  const ssize_t got = ::recv(socket_.get(), static_cast<char*>(message) + got_, bytes - got_, 0);
  if (got > 0) got_ += size_t(got);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) refusal_ = "it left during the handshake";
  if (got_ < bytes) return false;
  got_ = 0;
  return true;
}

Visitor::State Visitor::answer(const std::function<bool(int)>& taken) {
  const auto size = int32_t(group_.peers.size());
  const std::string job = text_in(hello_.job);
  if (hello_.magic != kMagic) return refuse("it speaks another protocol or another version of this one");
  if (job != group_.job) return refuse("its job is \"" + job + "\", this one is \"" + group_.job + "\"");
  if (hello_.size != size) {
    return refuse("it believes in a group of " + std::to_string(hello_.size) + ", this one has " +
                  std::to_string(size));
  }
  if (hello_.rank <= group_.rank || hello_.rank >= size)
    return refuse("it says it is rank " + std::to_string(hello_.rank) + ", which does not connect here");
  if (taken(hello_.rank)) return refuse("rank " + std::to_string(hello_.rank) + " has joined already");
  answer_.nonce = random_nonce();
  answer_.proof = prove(group_, 'a', group_.rank, hello_, answer_.nonce);
  write_all(socket_.get(), &answer_, sizeof answer_, deadline_);
  answered_ = true;
  return State::talking;
}

Visitor::State Visitor::judge() {
  if (!group_.secret.empty() &&
      !equal_digests(proof_.proof, prove(group_, 'c', group_.rank, hello_, answer_.nonce)))
    return refuse(wrong_secret(group_.rank));
  const Verdict welcome{};
  write_all(socket_.get(), &welcome, sizeof welcome, deadline_);
  return State::joined;
}

// The text is a courtesy: whoever does not read it is refused all the same.
Visitor::State Visitor::refuse(const std::string& reason) {
  refusal_ = reason;
  const auto send_text = [&](auto& message) {
    put_text(message.refusal, reason);
    [[maybe_unused]] const ssize_t sent =
        ::send(socket_.get(), &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
  };
  Verdict verdict{};
  if (answered_)
    send_text(verdict);
  else
    send_text(answer_);
  return State::refused;
}

}  // namespace flm::host
