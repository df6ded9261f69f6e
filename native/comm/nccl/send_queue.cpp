#include "comm/nccl/send_queue.h"

#include "comm/nccl/data_type.h"

namespace flm::nccl {
namespace {

constexpr std::chrono::milliseconds kDrainPause(1);
constexpr std::chrono::seconds kCloseLimit(15);

}  // namespace

SendQueue::SendQueue(std::shared_ptr<World> world, std::string group, const UniqueId& id, int to)
    : world_(std::move(world)),
      group_(std::move(group)),
      id_(id),
      to_(to),
      stream_(world_->device.make_stream()) {
  watcher_ = world_->fault().watch([this] {
    {
      const std::lock_guard lock(mutex_);
    }  // the thread is not between its check and its sleep
    woken_.notify_all();
  });
  thread_ = std::thread([this] { run(); });
}

SendQueue::~SendQueue() {
  std::unique_lock lock(mutex_);
  closing_ = true;
  woken_.notify_all();
  const bool in_time = woken_.wait_for(lock, kCloseLimit, [this] { return closed_; });
  lock.unlock();
  if (!in_time)
    world_->fault().raise(ErrorCode::comm_peer_lost, "rank " + std::to_string(world_->ranks->mesh.rank()) +
                                                         " left " + group_ + " before rank " +
                                                         std::to_string(to_) + " had received its messages");
  thread_.join();
  world_->fault().unwatch(watcher_);
  for (void* memory : owned_) world_->device.release(memory);
}

void SendQueue::push(Recorder::Id id, const Operation& operation, In data, Stream stream) {
  Message message{id, operation, take_buffer(operation.bytes()), {}};
  world_->device.copy(message.copy.memory, data.data, operation.bytes(), CopyKind::device_to_device, stream);
  message.copied = world_->device.record(stream);
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(message);
  }
  woken_.notify_all();
}

SendQueue::Buffer SendQueue::take_buffer(size_t bytes) {
  const std::lock_guard lock(mutex_);
  collect_received();
  for (size_t i = 0; i < free_.size(); ++i) {
    if (free_[i].bytes < bytes) continue;
    const Buffer buffer = free_[i];
    free_.erase(free_.begin() + ptrdiff_t(i));
    return buffer;
  }
  void* memory = world_->device.allocate(bytes);
  owned_.insert(memory);
  return {memory, bytes, {}};
}

void SendQueue::collect_received() {
  while (!under_way_.empty() && world_->device.reached(under_way_.front().sent)) {
    free_.push_back(under_way_.front());
    under_way_.pop_front();
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
