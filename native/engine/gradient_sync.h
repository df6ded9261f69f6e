#pragma once
#include <vector>

#include "engine/parameter_store.h"

namespace flm {

// Makes the gradients of one step whole: what ranks computed in parts is summed, and the matrices' sums go to
// their owners alone. What is finished early, the head and the blocks, is reduced on the communication stream
// while the backward pass goes on.
class GradientSync {
 public:
  GradientSync(ParameterStore& store, const Groups& groups, Device& device);

  void begin();
  // All micro-batches have passed this block: its gradients will not change any more.
  void block_done(int64_t block);
  // The same of the head; a tied one is complete with the embedding, at the end.
  void head_done();
  // Everything else; the compute stream then sees all sums.
  void finish();

 private:
  void bucket_done(int64_t bucket);
  void reduce_bucket(int64_t bucket, Stream stream);
  void sum_parts(const Parameter& parameter, Stream stream);

  ParameterStore& store_;
  const Groups& groups_;
  Device& device_;
  std::vector<uint8_t> reduced_;  // by bucket
};

}  // namespace flm
