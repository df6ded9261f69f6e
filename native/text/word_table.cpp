#include "text/word_table.h"

#include <cstring>

#include "core/error.h"

namespace flm::text {
namespace {

constexpr size_t kInitialSlots = 1024;

uint64_t load(const char* p, size_t size) {
  uint64_t value = 0;
  std::memcpy(&value, p, size);
  return value;
}

// Multiply and fold: the high half of the product depends on every input bit.
uint64_t mix(uint64_t value) {
  const auto product = static_cast<unsigned __int128>(value ^ 0x2545F4914F6CDD1Dull) * 0x9E3779B97F4A7C15ull;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint32_t hash_of(std::string_view word) {
  uint64_t hash = word.size();
  const char* p = word.data();
  size_t left = word.size();
  for (; left >= 8; p += 8, left -= 8) hash = mix(hash ^ load(p, 8));
  return static_cast<uint32_t>(mix(hash ^ load(p, left)) >> 16);
}

}  // namespace

WordTable::WordTable() : slots_(kInitialSlots) {}

std::string_view WordTable::operator[](uint32_t word) const {
  const size_t begin = word == 0 ? 0 : ends_[word - 1];
  return std::string_view(bytes_).substr(begin, ends_[word] - begin);
}

size_t WordTable::slot_of(std::string_view word, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.word == kAbsent || (slot.hash == hash && (*this)[slot.word] == word)) return i;
  }
}

uint32_t WordTable::find(std::string_view word) const { return slots_[slot_of(word, hash_of(word))].word; }

std::pair<uint32_t, bool> WordTable::insert(std::string_view word) {
  const uint32_t hash = hash_of(word);
  Slot* slot = &slots_[slot_of(word, hash)];
  if (slot->word != kAbsent) return {slot->word, false};
  FLM_CHECK(size() < kAbsent, ErrorCode::out_of_memory, "more than ", kAbsent,
            " distinct words; use less text");
  if (2 * (size_t{size()} + 1) > slots_.size()) {
    grow();
    slot = &slots_[slot_of(word, hash)];
  }
  *slot = {hash, size()};
  bytes_.append(word);
  ends_.push_back(bytes_.size());
  return {slot->word, true};
}

void WordTable::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.word == kAbsent) continue;
    size_t i = slot.hash & mask;
    while (slots_[i].word != kAbsent) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

void WordTable::clear() {
  bytes_.clear();
  ends_.clear();
  slots_.assign(kInitialSlots, Slot{});
}

}  // namespace flm::text
