#include "comm/nccl/library.h"

#include <cstdlib>

#include "core/shared_library.h"

namespace flm::nccl {
namespace {

constexpr const char* kRemedy = "install NCCL 2.18 or newer, for example the Python package nvidia-nccl-cu13";

}  // namespace

std::string version_text(int version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

Library::Library() {
  // Since 2.22 NCCL connects at the first collective, for each algorithm apart. Then training has filled the
  // device's memory, and nothing may wait for it.
  setenv("NCCL_RUNTIME_CONNECT", "0", 0);
  void* library = open_shared_library({"NCCL", {"libnccl.so.2"}, "FLM_NCCL_LIB", kRemedy});
#define FLM_RESOLVE(name) resolve(library, "NCCL", #name, functions_.name)
  // Before the others, which an old one may lack.
  FLM_RESOLVE(ncclGetVersion);
  const Result result = functions_.ncclGetVersion(&version_);
  FLM_CHECK(result == kSuccess, ErrorCode::not_supported, "NCCL does not tell its version: result ",
            int(result));
  FLM_CHECK(version_ >= kOldestVersion, ErrorCode::not_supported, "the NCCL found is version ",
            version_text(version_), ", it must be ", version_text(kOldestVersion), " or newer; ", kRemedy,
            ", or name the file in FLM_NCCL_LIB");
  FLM_RESOLVE(ncclGetUniqueId);
  FLM_RESOLVE(ncclCommInitRankConfig);
  FLM_RESOLVE(ncclCommGetAsyncError);
  FLM_RESOLVE(ncclCommFinalize);
  FLM_RESOLVE(ncclCommDestroy);
  FLM_RESOLVE(ncclCommAbort);
  FLM_RESOLVE(ncclGetErrorString);
  FLM_RESOLVE(ncclGetLastError);
  FLM_RESOLVE(ncclAllReduce);
  FLM_RESOLVE(ncclAllGather);
  FLM_RESOLVE(ncclReduceScatter);
  FLM_RESOLVE(ncclBroadcast);
  FLM_RESOLVE(ncclSend);
  FLM_RESOLVE(ncclRecv);
#undef FLM_RESOLVE
}

}  // namespace flm::nccl
