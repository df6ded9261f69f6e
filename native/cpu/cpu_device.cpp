#include "cpu/cpu_device.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "core/error.h"
#include "cpu/task_queue.h"
#include "cpu/thread_pool.h"

namespace flm::cpu {
namespace {

constexpr size_t kAlign = 256;
constexpr size_t kLargePage = size_t(2) << 20;
constexpr double kMegabyte = 1e6;

// A field of /proc/meminfo in bytes; 0 where there is none.
size_t meminfo(const std::string& field) {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  size_t kilobytes = 0;
  while (file >> name >> kilobytes) {
    if (name == field + ":") return kilobytes * 1024;
    std::getline(file, unit);
  }
  return 0;
}

class CpuDevice final : public Device {
 public:
  CpuDevice(DeviceInfo info, std::shared_ptr<ThreadPool> team)
      : info_(std::move(info)), team_(std::move(team)) {}

  void* allocate(size_t bytes) override {
    const bool large = bytes >= 2 * kLargePage;
    const size_t align = large ? kLargePage : kAlign;
    // aligned_alloc wants a multiple of the alignment, and 0 bytes must have an address too.
    const size_t rounded =
        bytes <= SIZE_MAX - align ? (std::max<size_t>(bytes, 1) + align - 1) / align * align : 0;
    void* memory = rounded ? std::aligned_alloc(align, rounded) : nullptr;
    if (!memory) {
      fail(ErrorCode::out_of_memory, "cannot allocate ", double(bytes) / kMegabyte, " MB of host memory (",
           double(this->memory().free_bytes) / kMegabyte,
           " MB are available); use a smaller model or micro_batch_size, or more recomputation");
    }
    // Fewer page faults and misses of the address cache. Only advice: a refusal changes nothing.
    if (large) madvise(memory, rounded, MADV_HUGEPAGE);
    return memory;
  }
  void release(void* memory) noexcept override { std::free(memory); }
  void* allocate_pinned(size_t bytes) override { return allocate(bytes); }
  void release_pinned(void* memory) noexcept override { release(memory); }

  // Compute and copy work is done when the call returns, so their streams and events are null.
  Stream stream(StreamRole role) override {
    return role == StreamRole::comm ? Stream{&comm_queue_} : Stream{};
  }
  void copy(void* to, const void* from, size_t bytes, CopyKind, Stream stream) override {
    if (bytes) enqueue(stream, [=] { std::memmove(to, from, bytes); });
  }
  void fill_zero(void* memory, size_t bytes, Stream stream) override {
    if (!stream.handle && bytes >= 2 * kLargePage && team_->size() > 1)
      return fill_zero_as_team(memory, bytes);
    if (bytes) enqueue(stream, [=] { std::memset(memory, 0, bytes); });
  }
  // An event is the number of the queue's newest task: nothing to allocate, nothing to give back.
  Event record(Stream stream) override {
    return {stream.handle ? reinterpret_cast<void*>(uintptr_t(queue_of(stream).last())) : nullptr};
  }
  // Only the comm queue makes events, and it is in order by itself.
  void wait(Stream stream, Event event) override {
    if (!stream.handle && event.handle) comm_queue_.wait(uintptr_t(event.handle));
  }
  void synchronize(Stream stream) override {
    if (stream.handle) queue_of(stream).synchronize();
  }
  void enqueue(Stream stream, std::function<void()> job) override {
    if (stream.handle)
      queue_of(stream).post(std::move(job));
    else
      job();
  }

  bool host_accessible() const override { return true; }
  MemoryInfo memory() const override { return {meminfo("MemAvailable"), meminfo("MemTotal")}; }
  DeviceInfo info() const override { return info_; }

 private:
  // New memory costs more than the zeros: the system clears each page when it is touched first.
  void fill_zero_as_team(void* memory, size_t bytes) {
    const size_t size = size_t(team_->size());
    const size_t part = (bytes + size * kLargePage - 1) / (size * kLargePage) * kLargePage;
    team_->run([&](int thread) {
      const size_t begin = std::min(bytes, size_t(thread) * part), end = std::min(bytes, begin + part);
      std::memset(static_cast<char*>(memory) + begin, 0, end - begin);
    });
  }

  // A communicator may have a device object of its own: the work belongs to the stream's queue, whoever
  // enqueues it.
  static TaskQueue& queue_of(Stream stream) { return *static_cast<TaskQueue*>(stream.handle); }

  DeviceInfo info_;
  std::shared_ptr<ThreadPool> team_;
  TaskQueue comm_queue_;
};

}  // namespace

std::unique_ptr<Device> make_device(const CpuState& state) {
  const int threads = state.pool.size();
  DeviceInfo info;
  info.kind = "cpu";
  info.name = processor_name() + " (" + isa_name(state.isa) + ", " + std::to_string(threads) +
              (threads == 1 ? " thread)" : " threads)");
  info.native_bf16 = state.isa == Isa::avx512_bf16;
  return std::make_unique<CpuDevice>(std::move(info), state.team);
}

}  // namespace flm::cpu
