#include "bindings/parallel_encoder.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <thread>
#include <utility>

#include "core/error.h"

namespace flm::bindings {
namespace {

constexpr size_t kMaxThreads = 16;
constexpr size_t kMinBytesPerThread = 64 << 10;  // below, starting a thread costs more than it saves

// What one thread does: consecutive documents.
struct Share {
  std::span<const uint32_t> ends;
  size_t begin = 0;  // byte where the first of them begins
  EncodedDocuments encoded;
  std::exception_ptr failure;
};

void check_ends(std::string_view text, std::span<const uint32_t> ends) {
  const uint32_t last = ends.empty() ? 0 : ends.back();
  FLM_CHECK(last == text.size() && std::is_sorted(ends.begin(), ends.end()), ErrorCode::invalid_argument,
            "the ends of ", ends.size(), " documents must ascend to the ", text.size(),
            " bytes of their text");
}

// Shares of about equal bytes.
std::vector<Share> split_documents(std::string_view text, std::span<const uint32_t> ends, size_t count) {
  std::vector<Share> shares;
  size_t first = 0, begin = 0;
  for (size_t i = 1; i <= count; ++i) {
    const auto upto = uint32_t(text.size() * i / count);
    const auto end = i == count ? ends.end() : std::upper_bound(ends.begin(), ends.end(), upto);
    const size_t last = std::max(first, size_t(end - ends.begin()));
    shares.push_back({ends.subspan(first, last - first), begin, {}, nullptr});
    if (last > first) begin = ends[last - 1];
    first = last;
  }
  return shares;
}

void encode_share(const text::BpeEncoder& encoder, text::BpeEncoder::Cache& cache, std::string_view text,
                  Share& share, const std::atomic<bool>& cancel) noexcept {
  try {
    size_t begin = share.begin;
    for (const uint32_t end : share.ends) {
      FLM_CHECK(!cancel, ErrorCode::cancelled, "encoding was cancelled");
      encoder.encode(text.substr(begin, end - begin), share.encoded.ids, cache);
      share.encoded.ends.push_back(uint32_t(share.encoded.ids.size()));
      begin = end;
    }
  } catch (...) {
    share.failure = std::current_exception();
  }
}

EncodedDocuments join(std::vector<Share> shares) {
  EncodedDocuments all = std::move(shares.front().encoded);
  for (Share& share : std::span(shares).subspan(1)) {
    const size_t before = all.ids.size();
    all.ids.insert(all.ids.end(), share.encoded.ids.begin(), share.encoded.ids.end());
    for (const uint32_t end : share.encoded.ends) all.ends.push_back(uint32_t(before + end));
    share.encoded = {};
  }
  return all;
}

}  // namespace

ParallelEncoder::ParallelEncoder(text::Vocabulary vocabulary, text::Split split, text::EncoderOptions options)
    : encoder_(std::move(vocabulary), split, std::move(options)),
      caches_(std::clamp<size_t>(std::thread::hardware_concurrency(), 2, kMaxThreads)) {}

EncodedDocuments ParallelEncoder::encode(std::string_view text, std::span<const uint32_t> ends,
                                         const std::atomic<bool>& cancel) {
  check_ends(text, ends);
  const size_t count = std::clamp<size_t>(text.size() / kMinBytesPerThread, 1, caches_.size());
  std::vector<Share> shares = split_documents(text, ends, count);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < count; ++i) {
      threads.emplace_back([&, i] { encode_share(encoder_, caches_[i], text, shares[i], cancel); });
    }
    encode_share(encoder_, caches_[0], text, shares[0], cancel);
  }
  for (const Share& share : shares) {
    if (share.failure) std::rethrow_exception(share.failure);
  }
  return join(std::move(shares));
}

}  // namespace flm::bindings
