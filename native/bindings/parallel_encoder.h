#pragma once
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "text/bpe_encoder.h"

namespace flm::bindings {

struct EncodedDocuments {
  std::vector<uint32_t> ids;   // of all documents, one after another
  std::vector<uint32_t> ends;  // document i ends at ids[ends[i]]
};

// Encodes many documents on several threads; the ids do not depend on how many.
class ParallelEncoder {
 public:
  ParallelEncoder(text::Vocabulary vocabulary, text::Split split, text::EncoderOptions options);

  // The documents lie one after another in `text`, document i ending at ends[i]. Not for two threads at a
  // time. Throws Error(invalid_argument) for ends that do not cut the text, Error(cancelled) once `cancel` is
  // set.
  EncodedDocuments encode(std::string_view text, std::span<const uint32_t> ends,
                          const std::atomic<bool>& cancel);

  const text::BpeEncoder& encoder() const { return encoder_; }

 private:
  text::BpeEncoder encoder_;
  std::vector<text::BpeEncoder::Cache> caches_;  // one a thread, kept from call to call
};

}  // namespace flm::bindings
