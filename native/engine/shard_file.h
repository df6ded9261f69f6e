#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/spec.h"

namespace flm {

// Takes the next bytes of a file.
using ByteSink = std::function<void(std::span<const uint8_t>)>;
// Hands all bytes of one item to the sink, in order and in chunks of any size.
using ItemSource = std::function<void(const SaveItem&, const ByteSink&)>;

// Writes header and items, fsyncs and closes; the hash is computed on the way. An existing file is
// overwritten. Throws Error(io) with the path and the system's reason; what was written so far is left where
// it is, and the directory's entry is the caller's to fsync.
SavedFile write_shard(const SaveFile& file, const ItemSource& item);

// The bytes of such a file before they are written.
struct FileImage {
  std::string path;
  std::vector<std::vector<uint8_t>> parts;
};
FileImage image_of_shard(const SaveFile& file, const ItemSource& item);
// As write_shard; throws Error(cancelled) once `cancel` is set.
SavedFile write_image(const FileImage& image, const std::atomic<bool>* cancel = nullptr);

// Size and XXH64 (seed 0) of a file. Throws Error(io), or Error(cancelled) once `cancel` is set.
SavedFile hash_file(const std::string& path, const std::atomic<bool>* cancel = nullptr);

}  // namespace flm
