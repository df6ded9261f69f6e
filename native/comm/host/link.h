#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <string>

#include "comm/host/frame.h"

namespace flm::host {

// The socket between this rank and one other. Any thread sends; one thread (the mesh's) reads and flushes.
class Link {
 public:
  Link(FileDescriptor socket, BufferPool& pool) : socket_(std::move(socket)), pool_(pool) {}

  int socket() const { return socket_.get(); }
  // Never waits: what the socket does not take at once is copied and flushed later. True when that is so. A
  // broken connection is not reported here but where the rank reads. `descriptor` travels along, if >= 0.
  bool send(const FrameHeader& header, const void* payload, int descriptor = -1);
  void flush();
  // Bytes that wait to be flushed.
  size_t pending_bytes() const { return pending_bytes_.load(std::memory_order_relaxed); }

  // Takes what has arrived, up to some megabytes. False at the end of the stream, with the reason.
  bool read(const std::function<void(Message)>& sink, std::string* reason);

 private:
  struct Pending {
    Buffer bytes;
    size_t sent;
    FileDescriptor descriptor;
  };
  // Bytes taken by the socket, 0 when it is full or broken.
  size_t try_send(const void* first, size_t first_bytes, const void* second, size_t second_bytes,
                  int descriptor);
  // Bytes read, 0 when there are none now, -1 at the end.
  ssize_t try_read(void* to, size_t bytes, FileDescriptor* descriptor, std::string* reason);

  FileDescriptor socket_;
  BufferPool& pool_;

  std::mutex send_mutex_;
  std::deque<Pending> pending_;
  std::atomic<size_t> pending_bytes_{0};
  bool broken_ = false;

  Message incoming_;  // header and payload, as far as they have come
  size_t got_ = 0;
  bool header_complete_ = false;
};

}  // namespace flm::host
