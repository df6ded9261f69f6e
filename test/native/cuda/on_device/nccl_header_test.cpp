// Compares the hand-written declarations with NVIDIA's header; a translation unit without one checks nothing.
#include "comm/nccl/api.h"

#if __has_include(<nccl.h>)
#include <nccl.h>

#include "cuda/on_device/same_abi.h"

namespace flm::nccl {
namespace {

static_assert(int(kSuccess) == ncclSuccess);
static_assert(int(kUnhandledCudaError) == ncclUnhandledCudaError);
static_assert(int(kSystemError) == ncclSystemError);
static_assert(int(kInternalError) == ncclInternalError);
static_assert(int(kInvalidArgument) == ncclInvalidArgument);
static_assert(int(kInvalidUsage) == ncclInvalidUsage);
static_assert(int(kRemoteError) == ncclRemoteError);
static_assert(int(kInProgress) == ncclInProgress);
static_assert(int(kUint8) == ncclUint8 && int(kInt32) == ncclInt32);
static_assert(int(kFloat32) == ncclFloat32 && int(kFloat64) == ncclFloat64);
static_assert(int(kBfloat16) == ncclBfloat16);
static_assert(int(kSum) == ncclSum && int(kMax) == ncclMax);
static_assert(sizeof(UniqueId) == sizeof(ncclUniqueId) && alignof(UniqueId) == alignof(ncclUniqueId));
static_assert(kOldestVersion == NCCL_VERSION(2, 18, 0));

// A newer header may have further fields, behind these.
constexpr ncclConfig_t kTheirs = NCCL_CONFIG_INITIALIZER;
constexpr Config kOurs;
static_assert(kOurs.magic == kTheirs.magic);
static_assert(kOurs.cga_cluster_size == NCCL_CONFIG_UNDEF_INT && kOurs.net_name == NCCL_CONFIG_UNDEF_PTR);
static_assert(sizeof(Config) <= sizeof(ncclConfig_t));
static_assert(offsetof(Config, size) == offsetof(ncclConfig_t, size));
static_assert(offsetof(Config, magic) == offsetof(ncclConfig_t, magic));
static_assert(offsetof(Config, version) == offsetof(ncclConfig_t, version));
static_assert(offsetof(Config, blocking) == offsetof(ncclConfig_t, blocking));
static_assert(offsetof(Config, cga_cluster_size) == offsetof(ncclConfig_t, cgaClusterSize));
static_assert(offsetof(Config, min_ctas) == offsetof(ncclConfig_t, minCTAs));
static_assert(offsetof(Config, max_ctas) == offsetof(ncclConfig_t, maxCTAs));
static_assert(offsetof(Config, net_name) == offsetof(ncclConfig_t, netName));
static_assert(offsetof(Config, split_share) == offsetof(ncclConfig_t, splitShare));

#define FLM_SAME_ABI(name) static_assert(test::SameAbi<decltype(Functions::name), decltype(&::name)>::value)
FLM_SAME_ABI(ncclGetVersion);
FLM_SAME_ABI(ncclGetUniqueId);
FLM_SAME_ABI(ncclCommInitRankConfig);
FLM_SAME_ABI(ncclCommGetAsyncError);
FLM_SAME_ABI(ncclCommFinalize);
FLM_SAME_ABI(ncclCommDestroy);
FLM_SAME_ABI(ncclCommAbort);
FLM_SAME_ABI(ncclGetErrorString);
FLM_SAME_ABI(ncclGetLastError);
FLM_SAME_ABI(ncclAllReduce);
FLM_SAME_ABI(ncclAllGather);
FLM_SAME_ABI(ncclReduceScatter);
FLM_SAME_ABI(ncclBroadcast);
FLM_SAME_ABI(ncclSend);
FLM_SAME_ABI(ncclRecv);
#undef FLM_SAME_ABI

}  // namespace
}  // namespace flm::nccl
#endif
