#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "comm/nccl/line.h"

namespace flm::nccl {

// The messages from this rank to one other. NCCL's send ends only with its receive, the communicator's must
// not wait for it: so a message is copied aside in the caller's stream, and sent by a thread in a stream of
// its own. The first message connects the two ranks, and has to be received within the world's limit.
class SendQueue {
 public:
  // `to` is a rank of the world; `id` is what that rank opens its end of the line with.
  SendQueue(std::shared_ptr<World> world, std::string group, const UniqueId& id, int to);
  // Waits until all messages have been received; where that takes long, ranks have gone apart, and it is the
  // rank's fault.
  ~SendQueue();

  // Waits, within the world's limit, where the receiver is so far behind that much memory holds its messages.
  void push(Recorder::Id id, const Operation& operation, In data, Stream stream);
  // The last message has been pushed: begins what the destructor waits for.
  void close();
  // Gives back the memory of messages that have been received; may wait for the device.
  void trim();

 private:
  struct Buffer {
    void* memory = nullptr;
    size_t bytes = 0;
    Event sent;  // from then on it is free
  };
  struct Message {
    Recorder::Id id;
    Operation operation;
    Buffer copy;
    Event copied;
  };

  void wait_for_room(Recorder::Id id, size_t bytes);
  bool has_room(size_t bytes);
  Buffer take_buffer(size_t bytes);
  void collect_received();
  void run();
  void serve(Line& line);
  void transmit(Line& line, Message message);
  void drain();

  const std::shared_ptr<World> world_;
  const std::string group_;
  const UniqueId id_;
  const int to_;
  const Stream stream_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool closing_ = false, closed_ = false;
  std::deque<Message> waiting_;
  std::deque<Buffer> under_way_;  // in the order of their sends
  std::vector<Buffer> free_;
  std::set<void*> owned_;                        // memory of all buffers
  size_t aside_bytes_ = 0, aside_messages_ = 0;  // copied, and not known to be received
  std::optional<FaultWatch> watch_;              // of the members above, as the thread is
  std::thread thread_;
};

}  // namespace flm::nccl
