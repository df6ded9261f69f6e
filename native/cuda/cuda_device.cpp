#include "cuda/cuda_device.h"

#include <cuda_runtime_api.h>

#include "core/error.h"

namespace flm::cuda {
namespace {

void check(cudaError_t error, const char* what) {
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
  void*& event = events_[next_event_];
  next_event_ = (next_event_ + 1) % kEvents;
  if (!event)
    check(cudaEventCreateWithFlags(reinterpret_cast<cudaEvent_t*>(&event), cudaEventDisableTiming),
          "cudaEventCreateWithFlags");
  check(cudaEventRecord(static_cast<cudaEvent_t>(event), native(stream)), "cudaEventRecord");
  return {event};
}

void CudaDevice::wait(Stream stream, Event event) {
  if (!event.handle) return;
  use();
  check(cudaStreamWaitEvent(native(stream), static_cast<cudaEvent_t>(event.handle), 0),
        "cudaStreamWaitEvent");
}

void CudaDevice::synchronize(Stream stream) {
  use();
  check(cudaStreamSynchronize(native(stream)), "cudaStreamSynchronize");
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
