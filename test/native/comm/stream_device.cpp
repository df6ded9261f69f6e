#include "comm/stream_device.h"

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <iterator>
#include <thread>
#include <vector>

namespace flm::test {

namespace {

constexpr std::chrono::microseconds kPause(100);

void post(Stream stream, std::function<void()> job) {
  if (stream.handle)
    static_cast<fake_nccl::Queue*>(stream.handle)->enqueue(std::move(job));
  else
    job();
}

}  // namespace

struct StreamDevice::Mark {
  std::atomic<bool> reached{false};
};

class StreamDevice::Worker final : public fake_nccl::Queue {
 public:
  explicit Worker(std::recursive_mutex& driver) : driver_(driver), thread_([this] { run(); }) {}
  ~Worker() override {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void enqueue(std::function<void()> job) override {
    {
      const std::lock_guard driver(driver_);
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    changed_.notify_all();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return closing_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }

  std::recursive_mutex& driver_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closing_ = false;
  std::deque<std::function<void()>> jobs_;
  std::thread thread_;  // last: it uses the others
};

StreamDevice::StreamDevice() {
  for (int role = 0; role < 3; ++role) workers_.push_back(std::make_unique<Worker>(driver_));
}

StreamDevice::~StreamDevice() = default;

void StreamDevice::release(void* memory) noexcept {
  for (size_t i = 0; i < num_streams(); ++i) finish(stream_at(i));
  HostDevice::release(memory);
}

void* StreamDevice::allocate_pinned(size_t bytes) {
  auto* memory = static_cast<unsigned char*>(HostDevice::allocate_pinned(bytes));
  const std::lock_guard lock(mutex_);
  pinned_[memory] = memory + bytes;
  return memory;
}

void StreamDevice::release_pinned(void* memory) noexcept {
  {
    const std::lock_guard lock(mutex_);
    pinned_.erase(static_cast<unsigned char*>(memory));
  }
  release(memory);
}

bool StreamDevice::is_pinned(const void* memory) {
  const auto* byte = static_cast<const unsigned char*>(memory);
  const std::lock_guard lock(mutex_);
  const auto behind = pinned_.upper_bound(byte);
  return behind != pinned_.begin() && byte < std::prev(behind)->second;
}

void StreamDevice::finish(Stream stream) {
  const Event end = record(stream);
  while (!reached(end)) std::this_thread::sleep_for(kPause);
}

size_t StreamDevice::num_streams() {
  const std::lock_guard lock(mutex_);
  return workers_.size();
}

Stream StreamDevice::stream_at(size_t i) {
  const std::lock_guard lock(mutex_);
  return {static_cast<fake_nccl::Queue*>(workers_[i].get())};
}

Stream StreamDevice::stream(StreamRole role) { return stream_at(size_t(role)); }

Stream StreamDevice::make_stream() {
  const std::lock_guard lock(mutex_);
  workers_.push_back(std::make_unique<Worker>(driver_));
  return {static_cast<fake_nccl::Queue*>(workers_.back().get())};
}

// With memory of the host that is not pinned CUDA waits in the call, and nobody else enqueues meanwhile.
void StreamDevice::copy(void* to, const void* from, size_t bytes, CopyKind kind, Stream stream) {
  if (bytes == 0) return;
  const std::lock_guard driver(driver_);
  post(stream, [=] { std::memmove(to, from, bytes); });
  const bool is_staged = (kind == CopyKind::device_to_host && !is_pinned(to)) ||
                         (kind == CopyKind::host_to_device && !is_pinned(from));
  if (is_staged) finish(stream);
}

void StreamDevice::fill_zero(void* memory, size_t bytes, Stream stream) {
  if (bytes) post(stream, [=] { std::memset(memory, 0, bytes); });
}

Event StreamDevice::record(Stream stream) {
  Mark* mark;
  {
    const std::lock_guard lock(mutex_);
    mark = marks_.emplace_back(std::make_unique<Mark>()).get();
  }
  post(stream, [mark] { mark->reached = true; });
  return {mark};
}

void StreamDevice::wait(Stream stream, Event event) {
  post(stream, [this, event] {
    while (!reached(event)) std::this_thread::sleep_for(kPause);
  });
}

bool StreamDevice::reached(Event event) { return !event.handle || static_cast<Mark*>(event.handle)->reached; }

void StreamDevice::synchronize(Stream stream) {
  const Event end = record(stream);
  while (!reached(end)) {
    if (watch_) watch_();
    std::this_thread::sleep_for(kPause);
  }
  if (watch_) watch_();
}

}  // namespace flm::test
