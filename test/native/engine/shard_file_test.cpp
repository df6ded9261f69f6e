#include "engine/shard_file.h"

#include <sys/stat.h>

#include "core/xxh64.h"
#include "temporary_file.h"
#include "test.h"

namespace flm {
namespace {

std::vector<uint8_t> bytes_of_text(const std::string& text) { return {text.begin(), text.end()}; }

// Two chunks an item: the tensor's name, then '.'.
void name_as_bytes(const SaveItem& item, const ByteSink& sink) {
  sink(bytes_of_text(item.tensor));
  sink(bytes_of_text("."));
}

}  // namespace

FLM_TEST(shard_file_writes_header_and_items_and_hashes_them) {
  const test::TemporaryFile target;
  const SaveFile file{target.path(),
                      bytes_of_text("header:"),
                      {{"embedding.weight", StateKind::master}, {"head.weight", StateKind::exp_avg}}};
  const SavedFile saved = write_shard(file, name_as_bytes);
  const auto expected = bytes_of_text("header:embedding.weight.head.weight.");
  CHECK(test::read_whole_file(target.path()) == expected);
  Xxh64 hash;
  hash.update(expected);
  CHECK_EQ(saved.path, target.path());
  CHECK_EQ(saved.size, expected.size());
  CHECK_EQ(saved.xxh64, hash.digest());
  const SavedFile read_back = hash_file(target.path());
  CHECK_EQ(read_back.size, saved.size);
  CHECK_EQ(read_back.xxh64, saved.xxh64);
}

FLM_TEST(shard_file_can_be_written_later_with_the_same_bytes) {
  const test::TemporaryFile at_once, later;
  const std::vector<SaveItem> items{{"embedding.weight", StateKind::master},
                                    {"head.weight", StateKind::exp_avg}};
  const SavedFile expected = write_shard({at_once.path(), bytes_of_text("header:"), items}, name_as_bytes);
  const FileImage image = image_of_shard({later.path(), bytes_of_text("header:"), items}, name_as_bytes);
  CHECK(test::read_whole_file(later.path()).empty());
  const SavedFile saved = write_image(image);
  CHECK(test::read_whole_file(later.path()) == test::read_whole_file(at_once.path()));
  CHECK_EQ(saved.size, expected.size);
  CHECK_EQ(saved.xxh64, expected.xxh64);
  const std::atomic<bool> cancel = true;
  CHECK_THROWS(write_image(image, &cancel), ErrorCode::cancelled);
}

FLM_TEST(shard_file_names_the_path_and_the_reason) {
  try {
    write_shard({"/no/such/folder/shard-0", {1}, {}}, name_as_bytes);
    CHECK(false);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::io);
    CHECK_EQ(std::string(error.what()), "cannot create /no/such/folder/shard-0: No such file or directory");
  }
  CHECK_THROWS(hash_file("/no/such/file"), ErrorCode::io);
}

FLM_TEST(shard_file_reports_a_full_disk) {
  struct stat status;
  if (::stat("/dev/full", &status) != 0) return;  // not every container has it
  try {
    write_shard({"/dev/full", {1, 2, 3}, {}}, name_as_bytes);
    CHECK(false);
  } catch (const Error& error) {
    CHECK_EQ(std::string(error.what()), "cannot write /dev/full: No space left on device");
  }
}

FLM_TEST(shard_file_leaves_what_was_written_when_an_item_fails) {
  const test::TemporaryFile target;
  const auto broken = [](const SaveItem&, const ByteSink& sink) {
    sink(bytes_of_text("half"));
    fail(ErrorCode::device_fault, "lost");
  };
  CHECK_THROWS(write_shard({target.path(), {}, {{"head.weight", StateKind::master}}}, broken),
               ErrorCode::device_fault);
  CHECK(test::read_whole_file(target.path()) == bytes_of_text("half"));
}

FLM_TEST(hash_file_can_be_cancelled) {
  const test::TemporaryFile file(bytes_of_text("x"));
  const std::atomic<bool> cancel = true;
  CHECK_THROWS(hash_file(file.path(), &cancel), ErrorCode::cancelled);
}

}  // namespace flm
