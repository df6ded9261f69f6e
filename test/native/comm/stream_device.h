#pragma once
// A device whose streams work behind the caller's back, as a GPU's do: each is a thread with a queue. Its
// memory is the host's.
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "comm/fake_nccl/fake_nccl.h"
#include "oracle/host_device.h"

namespace flm::test {

class StreamDevice final : public oracle::HostDevice {
 public:
  StreamDevice();
  ~StreamDevice() override;  // when all streams are empty

  // When all streams are empty, as CUDA does it.
  void release(void* memory) noexcept override;
  void* allocate_pinned(size_t bytes) override;
  void release_pinned(void* memory) noexcept override;
  Stream stream(StreamRole role) override;
  Stream make_stream() override;
  void copy(void* to, const void* from, size_t bytes, CopyKind kind, Stream stream) override;
  void fill_zero(void* memory, size_t bytes, Stream stream) override;
  Event record(Stream stream) override;
  void wait(Stream stream, Event event) override;
  bool reached(Event event) override;
  void synchronize(Stream stream) override;
  void watch(std::function<void()> check) override { watch_ = std::move(check); }
  bool host_accessible() const override { return false; }

 private:
  class Worker;
  struct Mark;

  size_t num_streams();
  Stream stream_at(size_t i);
  // Waits, whatever happens.
  void finish(Stream stream);
  bool is_pinned(const void* memory);

  std::recursive_mutex driver_;  // held by whoever enqueues
  std::mutex mutex_;
  std::map<const unsigned char*, const unsigned char*> pinned_;  // by begin: the end
  std::deque<std::unique_ptr<Mark>> marks_;
  std::deque<std::unique_ptr<Worker>>
      workers_;  // those of the three roles first; they set marks to their end
  std::function<void()> watch_;
};

}  // namespace flm::test
