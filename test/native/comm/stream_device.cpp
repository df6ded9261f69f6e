#include "comm/stream_device.h"

#include <atomic>
#include <condition_variable>
#include <cstring>
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
  Worker() : thread_([this] { run(); }) {}
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

  std::mutex mutex_;
  std::condition_variable changed_;
  bool closing_ = false;
  std::deque<std::function<void()>> jobs_;
  std::thread thread_;  // last: it uses the others
};

StreamDevice::StreamDevice() {
  for (int role = 0; role < 3; ++role) workers_.push_back(std::make_unique<Worker>());
}

StreamDevice::~StreamDevice() = default;

void StreamDevice::release(void* memory) noexcept {
  for (size_t i = 0; i < num_streams(); ++i) finish(stream_at(i));
  HostDevice::release(memory);
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
  workers_.push_back(std::make_unique<Worker>());
  return {static_cast<fake_nccl::Queue*>(workers_.back().get())};
}

// As CUDA with memory that is not pinned: the host's is read, or written, when the call returns.
void StreamDevice::copy(void* to, const void* from, size_t bytes, CopyKind kind, Stream stream) {
  if (bytes == 0) return;
  if (kind != CopyKind::host_to_device) {
    post(stream, [=] { std::memmove(to, from, bytes); });
  } else {
    const auto* begin = static_cast<const unsigned char*>(from);
    post(stream, [to, values = std::vector<unsigned char>(begin, begin + bytes)] {
      std::memcpy(to, values.data(), values.size());
    });
  }
  if (kind == CopyKind::device_to_host) finish(stream);
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
