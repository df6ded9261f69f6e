#include "cuda/cuda_device.h"

#include <cuda_runtime_api.h>

#include <chrono>
#include <thread>

#include "core/error.h"

namespace flm::cuda {
namespace {

void check(cudaError_t error, const char* what) {
  // On a GPU that others have filled there is no room for this process's context, let alone for tensors.
  FLM_CHECK(error != cudaErrorMemoryAllocation, ErrorCode::out_of_memory, what, ": ",
            cudaGetErrorString(error), "; nvidia-smi says who has the GPU's memory");
  FLM_CHECK(error == cudaSuccess, ErrorCode::device_fault, what, ": ", cudaGetErrorString(error));
}

cudaStream_t native(Stream stream) { return static_cast<cudaStream_t>(stream.handle); }

cudaMemcpyKind native(CopyKind kind) {
  switch (kind) {
    case CopyKind::host_to_device:
      return cudaMemcpyHostToDevice;
    case CopyKind::device_to_host:
      return cudaMemcpyDeviceToHost;
    case CopyKind::device_to_device:
      return cudaMemcpyDeviceToDevice;
  }
  return cudaMemcpyDefault;
}

}  // namespace

CudaDevice::CudaDevice(int index) : index_(index) {
  use();
  for (void*& stream : streams_)
    check(cudaStreamCreateWithFlags(reinterpret_cast<cudaStream_t*>(&stream), cudaStreamNonBlocking),
          "cudaStreamCreateWithFlags");
}

// Errors here have been met before, by a call that could report them.
CudaDevice::~CudaDevice() {
  cudaSetDevice(index_);
  for (void* event : events_)
    if (event) cudaEventDestroy(static_cast<cudaEvent_t>(event));
  for (void* stream : streams_) cudaStreamDestroy(static_cast<cudaStream_t>(stream));
  for (void* stream : further_streams_) cudaStreamDestroy(static_cast<cudaStream_t>(stream));
}

void CudaDevice::use() const { check(cudaSetDevice(index_), "cudaSetDevice"); }

void* CudaDevice::allocate(size_t bytes) {
  use();
  void* result = nullptr;
  const cudaError_t error = cudaMalloc(&result, bytes ? bytes : 1);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // the error is this call's alone, later ones are fine
    const MemoryInfo now = memory();
    fail(ErrorCode::out_of_memory, "cannot allocate ", bytes, " bytes on GPU ", index_, ": ", now.free_bytes,
         " of its ", now.total_bytes, " bytes are free");
  }
  check(error, "cudaMalloc");
  return result;
}

void CudaDevice::release(void* memory) noexcept {
  cudaSetDevice(index_);
  cudaFree(memory);
}

void* CudaDevice::allocate_pinned(size_t bytes) {
  use();
  void* result = nullptr;
  const cudaError_t error = cudaMallocHost(&result, bytes ? bytes : 1);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    fail(ErrorCode::out_of_memory, "cannot pin ", bytes, " bytes of host memory");
  }
  check(error, "cudaMallocHost");
  return result;
}

void CudaDevice::release_pinned(void* memory) noexcept { cudaFreeHost(memory); }

Stream CudaDevice::stream(StreamRole role) { return {streams_[size_t(role)]}; }

// Of the highest priority: what other ranks wait for goes first.
Stream CudaDevice::make_stream() {
  use();
  int lowest = 0, highest = 0;
  check(cudaDeviceGetStreamPriorityRange(&lowest, &highest), "cudaDeviceGetStreamPriorityRange");
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, highest),
        "cudaStreamCreateWithPriority");
  const std::lock_guard lock(further_streams_mutex_);
  further_streams_.push_back(stream);
  return {stream};
}

void CudaDevice::copy(void* to, const void* from, size_t bytes, CopyKind kind, Stream stream) {
  if (bytes == 0) return;
  use();
  check(cudaMemcpyAsync(to, from, bytes, native(kind), native(stream)), "cudaMemcpyAsync");
}

void CudaDevice::fill_zero(void* memory, size_t bytes, Stream stream) {
  if (bytes == 0) return;
  use();
  check(cudaMemsetAsync(memory, 0, bytes, native(stream)), "cudaMemsetAsync");
}

Event CudaDevice::record(Stream stream) {
  use();
  const std::lock_guard lock(events_mutex_);
  void* event = free_event();
  check(cudaEventRecord(static_cast<cudaEvent_t>(event), native(stream)), "cudaEventRecord");
  return {event};
}

void* CudaDevice::free_event() {
  for (size_t tried = 0; tried < kEvents; ++tried) {
    void*& event = events_[next_event_];
    next_event_ = (next_event_ + 1) % kEvents;
    if (!event) {
      check(cudaEventCreateWithFlags(reinterpret_cast<cudaEvent_t*>(&event), cudaEventDisableTiming),
            "cudaEventCreateWithFlags");
      return event;
    }
    // Somebody may still wait for one that has not been reached, however many have been recorded since.
    if (reached({event})) return event;
  }
  fail(ErrorCode::device_fault, "more than ", kEvents, " operations wait on the device's streams");
}

void CudaDevice::wait(Stream stream, Event event) {
  if (!event.handle) return;
  use();
  check(cudaStreamWaitEvent(native(stream), static_cast<cudaEvent_t>(event.handle), 0),
        "cudaStreamWaitEvent");
}

bool CudaDevice::reached(Event event) {
  if (!event.handle) return true;
  use();
  const cudaError_t error = cudaEventQuery(static_cast<cudaEvent_t>(event.handle));
  if (error == cudaErrorNotReady) {
    cudaGetLastError();  // an answer, not an error
    return false;
  }
  check(error, "cudaEventQuery");
  return true;
}

void CudaDevice::synchronize(Stream stream) {
  use();
  if (!watch_) return check(cudaStreamSynchronize(native(stream)), "cudaStreamSynchronize");
  constexpr int kSpins = 1000;
  constexpr std::chrono::microseconds kPause(20);
  cudaError_t error;
  for (int asked = 0; (error = cudaStreamQuery(native(stream))) == cudaErrorNotReady; ++asked) {
    cudaGetLastError();
    watch_();
    if (asked >= kSpins) std::this_thread::sleep_for(kPause);
  }
  check(error, "cudaStreamQuery");
  watch_();
}

MemoryInfo CudaDevice::memory() const {
  use();
  MemoryInfo result;
  check(cudaMemGetInfo(&result.free_bytes, &result.total_bytes), "cudaMemGetInfo");
  return result;
}

DeviceInfo CudaDevice::info() const {
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, index_), "cudaGetDeviceProperties");
  return {"cuda", properties.name, properties.major >= 8};
}

}  // namespace flm::cuda
