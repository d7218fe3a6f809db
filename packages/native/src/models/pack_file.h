// A model's packed weights as a file that is mapped: a head, the weights at multiples of 64 bytes, a table and a tail.
//
//   head    64 bytes: "TRVPACK\n", version (u32), zeros
//   data    packed bytes of each weight
//   table   key, number of weights, of each { label, offset, bytes }, and a hash of each piece of all that lies before the table
//   tail    offset, bytes and hash of the table (u64 each)
// Texts are a length (u64) and their bytes, numbers little-endian. The tail comes last, so a file that was cut has none.
//
// Every byte is under a hash, and all are checked before a weight is used, on the thread of whoever asks: a disk that is slow to give
// its pages is to hold up nobody else. The pages it touches are those that the first step would wait for. Knows keys and labels as text, no types and no models.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/held_bytes.h"

namespace trivium {

class PackFile {
 public:
  // Head, table and tail checked. `bad_format` when they are not sound or the key is another one, and MappedFile's errors.
  static Result<PackFile> open(const std::string& path, std::string_view key);

  std::size_t weights() const { return entries_.size(); }
  // The `index`th weight; `bad_format` when its label is another one.
  Result<HeldBytes> weight(std::size_t index, std::string_view label) const;
  // All bytes against their hashes; `bad_format` where they differ, and what `progress` answers. Its share: 0 to 1.
  Status verify(const std::function<Status(double share)>& progress) const;
  void mark_used() const { file_->mark_used(); }

 private:
  struct Entry {
    std::string label;
    std::uint64_t offset = 0, bytes = 0;
  };
  Status read_table(std::string_view table, std::string_view key);
  Error unsound(std::string_view what) const;
  std::shared_ptr<const MappedFile> file_;
  std::uint64_t table_offset_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> hashes_;  // of each piece
};

// Writes one from front to back. What is not committed leaves nothing behind.
class PackFileWriter {
 public:
  static Result<PackFileWriter> create(const std::string& path, std::string_view key);
  // A weight begins; the `bytes` that follow come through append(), in any portions.
  Status begin(std::string_view label, std::uint64_t bytes);
  Status append(std::span<const std::byte> bytes);
  Status commit();

 private:
  explicit PackFileWriter(AtomicFile file) : file_(std::move(file)) {}
  Status write_piece();
  AtomicFile file_;
  std::string key_, entries_, hashes_;  // as they stand in the table
  std::uint64_t weights_ = 0, pieces_ = 0;
  std::vector<std::byte> piece_;        // not yet written
};

}  // namespace trivium
