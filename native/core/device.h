#pragma once
// Memory and order on one device; no mathematics. On the CPU work of the compute and copy streams is done
// when the call returns; its comm stream is a queue with a thread of its own.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace flm {

struct Stream {
  void* handle = nullptr;
};
struct Event {
  void* handle = nullptr;
};
enum class StreamRole { compute, comm, copy };
enum class CopyKind { host_to_device, device_to_host, device_to_device };

struct MemoryInfo {
  size_t free_bytes = 0;
  size_t total_bytes = 0;
};

struct DeviceInfo {
  std::string kind;  // "cpu" or "cuda"
  std::string name;  // e.g. "AMD EPYC (avx512-bf16, 2 threads)" or "NVIDIA H100 80GB HBM3"
  bool native_bf16 = false;
};

class Device {
 public:
  virtual ~Device() = default;
  // 256-byte aligned. Throws Error(out_of_memory) with the size asked for and what is free.
  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;
  // Host memory that the device copies from and to without staging.
  virtual void* allocate_pinned(size_t bytes) = 0;
  virtual void release_pinned(void* memory) noexcept = 0;

  virtual Stream stream(StreamRole role) = 0;
  // A further stream that waits for no other and lives as long as the device; by default the comm stream.
  virtual Stream make_stream() { return stream(StreamRole::comm); }
  // The host's memory should be pinned: for other memory CUDA waits for the stream within the call, and holds
  // up the calls of other threads meanwhile, even those that send what the stream waits for.
  virtual void copy(void* to, const void* from, size_t bytes, CopyKind kind, Stream stream) = 0;
  // A copy from or to any memory of the host, done when it returns. Waits as synchronize() does.
  void copy_now(void* to, const void* from, size_t bytes, CopyKind kind, Stream stream) {
    synchronize(stream);
    copy(to, from, bytes, kind, stream);
    synchronize(stream);
  }
  virtual void fill_zero(void* memory, size_t bytes, Stream stream) = 0;
  virtual Event record(Stream stream) = 0;
  virtual void wait(Stream stream, Event event) = 0;
  // Whether the work before `event` is done; does not wait. By default it is, as where work is done when the
  // call returns.
  virtual bool reached(Event) { return true; }
  // Returns when the stream is empty; throws the device's pending error (device_fault).
  virtual void synchronize(Stream stream) = 0;
  // From now on synchronize() calls `check` while it waits and before it returns, and what that throws ends
  // the wait: work that depends on other ranks may never end. Nothing by default, as where jobs throw
  // themselves.
  virtual void watch(std::function<void()> check) { static_cast<void>(check); }
  // Makes this the calling thread's current device, for libraries that look there.
  virtual void make_current() {}
  // Runs `job` on the host behind the work that is on the stream; what it throws is the caller's error, or on
  // a queue the stream's pending one. A device without such a queue waits and runs it in the calling thread.
  virtual void enqueue(Stream stream, std::function<void()> job) {
    synchronize(stream);
    job();
  }

  virtual bool host_accessible() const = 0;  // true when device memory can be read and written by the host
  virtual MemoryInfo memory() const = 0;
  virtual DeviceInfo info() const = 0;
};

}  // namespace flm
