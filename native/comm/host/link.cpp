#include "comm/host/link.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace flm::host {
namespace {

// So that one busy peer does not keep the others waiting.
constexpr size_t kMaxBytesPerRead = size_t(4) << 20;

}  // namespace

bool Link::send(const FrameHeader& header, const void* payload, int descriptor) {
  const std::lock_guard lock(send_mutex_);
  if (broken_) return false;
  const size_t total = sizeof header + header.bytes;
  size_t sent = 0;
  if (pending_.empty()) {
    // Again while it takes something: a socket may take less than it has room for.
    for (size_t n = 1; n > 0 && sent < total; sent += n) {
      const size_t in_header = std::min(sent, sizeof header), in_payload = sent - in_header;
      n = try_send(reinterpret_cast<const char*>(&header) + in_header, sizeof header - in_header,
                   static_cast<const char*>(payload) + in_payload, header.bytes - in_payload,
                   sent == 0 ? descriptor : -1);
    }
  }
  if (sent == total || broken_) return false;
  Pending rest{pool_.take(total - sent), 0,
               FileDescriptor(sent == 0 && descriptor >= 0 ? ::dup(descriptor) : -1)};
  const size_t of_header = sizeof header - std::min(sent, sizeof header);
  std::memcpy(rest.bytes.data(), reinterpret_cast<const char*>(&header) + sizeof header - of_header,
              of_header);
  if (header.bytes > 0) {
    const size_t in_payload = sent > sizeof header ? sent - sizeof header : 0;
    std::memcpy(rest.bytes.data() + of_header, static_cast<const char*>(payload) + in_payload,
                header.bytes - in_payload);
  }
  pending_.push_back(std::move(rest));
  pending_bytes_ += total - sent;
  return true;
}

void Link::flush() {
  const std::lock_guard lock(send_mutex_);
  while (!pending_.empty()) {
    Pending& front = pending_.front();
    const size_t n = try_send(front.bytes.data() + front.sent, front.bytes.size() - front.sent, nullptr, 0,
                              front.sent == 0 ? front.descriptor.get() : -1);
    pending_bytes_ -= n;
    front.sent += n;
    if (broken_) {
      pending_.clear();
      pending_bytes_ = 0;
    } else if (n == 0) {
      return;
    } else if (front.sent == front.bytes.size()) {
      pending_.pop_front();
    }
  }
}

size_t Link::try_send(const void* first, size_t first_bytes, const void* second, size_t second_bytes,
                      int descriptor) {
  iovec parts[2] = {{const_cast<void*>(first), first_bytes}, {const_cast<void*>(second), second_bytes}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &descriptor, sizeof descriptor);
  }
  for (;;) {
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return size_t(sent);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) broken_ = true;
    return 0;
  }
}

bool Link::read(const std::function<void(Message)>& sink, std::string* reason) {
  for (size_t total = 0; total < kMaxBytesPerRead;) {
    const size_t want = header_complete_ ? incoming_.payload.size() : sizeof(FrameHeader);
    if (got_ < want) {
      char* to = header_complete_ ? reinterpret_cast<char*>(incoming_.payload.data())
                                  : reinterpret_cast<char*>(&incoming_.header);
      const ssize_t n = try_read(to + got_, want - got_, &incoming_.descriptor, reason);
      if (n <= 0) return n == 0;
      got_ += size_t(n);
      total += size_t(n);
      if (got_ < want) continue;
    }
    got_ = 0;
    if (!header_complete_) {
      incoming_.payload = pool_.take(incoming_.header.bytes);
      header_complete_ = true;
      continue;
    }
    header_complete_ = false;
    sink(std::exchange(incoming_, Message{}));
  }
  return true;
}

ssize_t Link::try_read(void* to, size_t bytes, FileDescriptor* descriptor, std::string* reason) {
  iovec part{to, bytes};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t n = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (n <= 0) {
    *reason = n == 0 ? "it closed the connection" : std::generic_category().message(errno);
    return -1;
  }
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int received;
    std::memcpy(&received, CMSG_DATA(c), sizeof received);
    *descriptor = FileDescriptor(received);
  }
  return n;
}

}  // namespace flm::host
