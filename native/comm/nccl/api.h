#pragma once
// The part of NCCL's C interface that the communicator needs, from version 2.18 on, declared by hand: the
// library is opened at run time, and neither building nor testing needs it, or CUDA's headers.
// test/native/cuda/on_device/nccl_header_test.cpp compares every number and layout here with NVIDIA's header
// where one is installed.
#include <climits>
#include <cstddef>

namespace flm::nccl {

using Handle = void*;  // of a communicator
using CudaStream = void*;

struct UniqueId {
  char bytes[128];
};

enum Result : int {
  kSuccess = 0,
  kUnhandledCudaError = 1,
  kSystemError = 2,
  kInternalError = 3,
  kInvalidArgument = 4,
  kInvalidUsage = 5,
  kRemoteError = 6,
  kInProgress = 7,
};
enum DataType : int { kUint8 = 1, kInt32 = 2, kFloat32 = 7, kFloat64 = 8, kBfloat16 = 9 };
enum Reduction : int { kSum = 0, kMax = 2 };

constexpr int kOldestVersion = 21800;  // major * 10000 + minor * 100 + patch

// As of version 2.18: a newer library takes its own defaults for what it knows beyond.
struct Config {
  size_t size = sizeof(Config);
  unsigned magic = 0xcafebeef;
  unsigned version = kOldestVersion;
  int blocking = 0;
  int cga_cluster_size = INT_MIN;  // INT_MIN: the library's default
  int min_ctas = INT_MIN;
  int max_ctas = INT_MIN;
  const char* net_name = nullptr;
  int split_share = INT_MIN;
};

// The library's functions, by the names it exports them under.
struct Functions {
  Result (*ncclGetVersion)(int* version);
  Result (*ncclGetUniqueId)(UniqueId*);
  Result (*ncclCommInitRankConfig)(Handle*, int size, UniqueId, int rank, Config*);
  Result (*ncclCommGetAsyncError)(Handle, Result*);
  Result (*ncclCommFinalize)(Handle);
  Result (*ncclCommDestroy)(Handle);
  Result (*ncclCommAbort)(Handle);
  const char* (*ncclGetErrorString)(Result);
  const char* (*ncclGetLastError)(Handle);
  Result (*ncclAllReduce)(const void* in, void* out, size_t n, DataType, Reduction, Handle, CudaStream);
  Result (*ncclAllGather)(const void* own, void* all, size_t n, DataType, Handle, CudaStream);
  Result (*ncclReduceScatter)(const void* all, void* own, size_t n, DataType, Reduction, Handle, CudaStream);
  Result (*ncclBroadcast)(const void* in, void* out, size_t n, DataType, int root, Handle, CudaStream);
  Result (*ncclSend)(const void*, size_t n, DataType, int to, Handle, CudaStream);
  Result (*ncclRecv)(void*, size_t n, DataType, int from, Handle, CudaStream);
};

}  // namespace flm::nccl
