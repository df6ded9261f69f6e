#include <cstring>

#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/parallel.h"

namespace flm::cpu {

void kv_append(Context& context, const KvAppend& args) {
  for (const DType dtype : {args.k.dtype, args.v.dtype, args.k_cache.dtype, args.v_cache.dtype}) {
    dispatch_float("kv_append", dtype, [](auto) {});
    expect("kv_append", dtype, args.k.dtype);
  }
  const int64_t width = args.G * args.D;
  const size_t bytes = size_t(width) * size_of(args.k.dtype);
  const int32_t* slots = args.slots.as<int32_t>();
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width));
  parallel_for(context, args.N, grain, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      std::memcpy(args.k_cache.at(slots[n] * width).data, args.k.at(n * args.kv_stride).data, bytes);
      std::memcpy(args.v_cache.at(slots[n] * width).data, args.v.at(n * args.kv_stride).data, bytes);
    }
  });
}

}  // namespace flm::cpu
