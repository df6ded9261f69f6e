#include "comm/nccl/send_queue.h"

#include <algorithm>
#include <new>
#include <sstream>

#include "comm/nccl/data_type.h"

namespace flm::nccl {
namespace {

constexpr std::chrono::milliseconds kDrainPause(1);
constexpr std::chrono::seconds kCloseLimit(15);
constexpr std::chrono::microseconds kRoomPause(100);
// A sender waits when so much lies aside, but never because of a few messages, however large: the ranks of a
// pipeline, and those that write a checkpoint, send each other some before they receive.
constexpr size_t kMostBytesAside = size_t(64) << 20;
constexpr size_t kFewMessages = 8;
constexpr size_t kOperationsInErrors = 5;

}  // namespace

SendQueue::SendQueue(std::shared_ptr<World> world, std::string group, const UniqueId& id, int to)
    : world_(std::move(world)),
      group_(std::move(group)),
      id_(id),
      to_(to),
      stream_(world_->device.make_stream()) {
  watch_.emplace(world_->fault(), [this] {
    {
      const std::lock_guard lock(mutex_);
    }  // the thread is not between its check and its sleep
    woken_.notify_all();
  });
  thread_ = std::thread([this] { run(); });
}

SendQueue::~SendQueue() {
  close();
  std::unique_lock lock(mutex_);
  const bool in_time = woken_.wait_for(lock, kCloseLimit, [this] { return closed_; });
  lock.unlock();
  if (!in_time)
    world_->fault().raise(ErrorCode::comm_peer_lost, "rank " + std::to_string(world_->ranks->mesh.rank()) +
                                                         " left " + group_ + " before rank " +
                                                         std::to_string(to_) + " had received its messages");
  thread_.join();
  for (void* memory : owned_) world_->device.release(memory);
}

void SendQueue::close() {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  woken_.notify_all();
}

void SendQueue::push(Recorder::Id id, const Operation& operation, In data, Stream stream) {
  wait_for_room(id, operation.bytes());
  Message message{id, operation, take_buffer(operation.bytes()), {}};
  world_->device.copy(message.copy.memory, data.data, operation.bytes(), CopyKind::device_to_device, stream);
  message.copied = world_->device.record(stream);
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(message);
  }
  woken_.notify_all();
}

void SendQueue::wait_for_room(Recorder::Id id, size_t bytes) {
  if (has_room(bytes)) return;
  const pulse::Wait waiting;
  host::World& ranks = *world_->ranks;
  const host::Deadline deadline(ranks.timeout_seconds);
  while (!has_room(bytes)) {
    world_->fault().check();
    if (!deadline.passed()) {
      std::this_thread::sleep_for(kRoomPause);
      continue;
    }
    ranks.recorder.ended(id, false);
    std::ostringstream text;
    text << "rank " << ranks.mesh.rank() << " of " << ranks.size << " waited " << ranks.timeout_seconds
         << " s for rank " << to_ << " to receive its messages of " << group_ << "; its last operations:\n"
         << ranks.recorder.dump(kOperationsInErrors);
    world_->watchdog.raise(Error(ErrorCode::comm_timeout, text.str()));
  }
  world_->fault().check();  // what is aborted makes room, too
}

bool SendQueue::has_room(size_t bytes) {
  const std::lock_guard lock(mutex_);
  collect_received();
  return aside_messages_ < kFewMessages || aside_bytes_ + bytes <= kMostBytesAside;
}

SendQueue::Buffer SendQueue::take_buffer(size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto fits = [&](const Buffer& buffer) { return buffer.bytes >= bytes; };
  auto found = std::find_if(free_.begin(), free_.end(), fits);
  if (found == free_.end()) {
    void* memory = world_->device.allocate(bytes);
    owned_.insert(memory);
    found = free_.insert(free_.end(), {memory, bytes, {}});
  }
  const Buffer buffer = *found;
  free_.erase(found);
  aside_bytes_ += buffer.bytes;
  ++aside_messages_;
  return buffer;
}

void SendQueue::collect_received() {
  while (!under_way_.empty() && world_->device.reached(under_way_.front().sent)) {
    free_.push_back(under_way_.front());
    under_way_.pop_front();
    aside_bytes_ -= free_.back().bytes;
    --aside_messages_;
  }
}

void SendQueue::trim() {
  const std::lock_guard lock(mutex_);
  collect_received();
  for (const Buffer& buffer : free_) {
    owned_.erase(buffer.memory);
    world_->device.release(buffer.memory);
  }
  free_.clear();
}

void SendQueue::run() {
  try {
    Line line(world_, group_, id_, {world_->ranks->mesh.rank(), to_});
    serve(line);
    drain();
  } catch (const Error& error) {
    world_->watchdog.raise(error);
  } catch (const std::bad_alloc&) {
    world_->fault().raise(ErrorCode::out_of_memory, "no host memory left to send messages");
  }
  const std::lock_guard lock(mutex_);
  closed_ = true;
  woken_.notify_all();
}

void SendQueue::serve(Line& line) {
  std::unique_lock lock(mutex_);
  for (;;) {
    woken_.wait(lock, [&] { return closing_ || !waiting_.empty() || world_->fault().raised(); });
    world_->fault().check();
    if (waiting_.empty()) return;
    Message message = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    transmit(line, std::move(message));
    lock.lock();
  }
}

void SendQueue::transmit(Line& line, Message message) {
  world_->device.wait(stream_, message.copied);
  constexpr int kReceiver = 1;
  line.run(message.id, message.operation, stream_, [&](const Functions& nccl, Handle handle) {
    return nccl.ncclSend(message.copy.memory, size_t(message.operation.count),
                         data_type_of(message.operation.dtype), kReceiver, handle, stream_.handle);
  });
  message.copy.sent = world_->device.record(stream_);
  const std::lock_guard lock(mutex_);
  under_way_.push_back(message.copy);
}

void SendQueue::drain() {
  while (!under_way_.empty() && !world_->device.reached(under_way_.back().sent)) {
    world_->fault().check();
    std::this_thread::sleep_for(kDrainPause);
  }
}

}  // namespace flm::nccl
