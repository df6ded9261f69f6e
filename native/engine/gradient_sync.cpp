#include "engine/gradient_sync.h"

namespace flm {

GradientSync::GradientSync(ParameterStore& store, const Groups& groups, Device& device)
    : store_(store), groups_(groups), device_(device) {}

void GradientSync::begin() { reduced_.assign(store_.layout().buckets.size(), 0); }

void GradientSync::sum_parts(const Parameter& p, Stream stream) {
  if (p.partial == PartialGradient::none) return;
  Communicator& group = *(p.partial == PartialGradient::kv_group ? groups_.kv : groups_.tensor);
  group.all_reduce(store_.gradient(p), p.size(), ReduceOp::sum, stream);
}

void GradientSync::reduce_bucket(int64_t bucket, Stream stream) {
  const ParameterLayout& layout = store_.layout();
  reduced_[size_t(bucket)] = 1;
  for (const Parameter& p : layout.parameters)
    if (p.is_matrix && p.bucket == bucket) sum_parts(p, stream);
  if (!groups_.data) return;
  const Range range = layout.buckets[size_t(bucket)];
  const int64_t slice = range.count / layout.data_size;
  const Out all = store_.matrix_grads().at(range.begin);
  groups_.data->reduce_scatter(all.at(groups_.data->rank() * slice), all, slice, stream);
}

void GradientSync::bucket_done(int64_t bucket) {
  if (!groups_.data && !groups_.kv) return;
  const Stream comm = device_.stream(StreamRole::comm);
  device_.wait(comm, device_.record(device_.stream(StreamRole::compute)));
  reduce_bucket(bucket, comm);
}

void GradientSync::block_done(int64_t block) { bucket_done(store_.layout().block_buckets[size_t(block)]); }

void GradientSync::head_done() {
  if (const auto bucket = store_.layout().head_bucket) bucket_done(*bucket);
}

void GradientSync::finish() {
  const ParameterLayout& layout = store_.layout();
  const Stream compute = device_.stream(StreamRole::compute), comm = device_.stream(StreamRole::comm);
  // First what has been enqueued early: every rank calls a group in the same order.
  device_.wait(compute, device_.record(comm));
  for (const Parameter& p : layout.parameters) {
    if (groups_.ends && p.name == "embedding.weight")
      groups_.ends->all_reduce(store_.gradient(p), p.size(), ReduceOp::sum, compute);
    if (!p.is_matrix) sum_parts(p, compute);
  }
  for (int64_t bucket = 0; bucket < int64_t(layout.buckets.size()); ++bucket)
    if (!reduced_[size_t(bucket)]) reduce_bucket(bucket, compute);
  if (groups_.data)
    groups_.data->all_reduce(store_.vector_grads(), layout.vector_total, ReduceOp::sum, compute);
}

}  // namespace flm
