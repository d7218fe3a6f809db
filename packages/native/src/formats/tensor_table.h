// The tensors of a model and the files they lie in: names to entries, rows to bytes. Shared by both containers.
// Entries are only added after their place in the file has been checked.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "formats/model_file.h"

namespace trivium {

class TensorTable {
 public:
  int add_file(File file);  // its part number
  // A `bad_format` error when the name is taken.
  Status add(TensorEntry entry);
  void skip(SkippedTensor tensor) { skipped_.push_back(std::move(tensor)); }

  const std::vector<TensorEntry>& entries() const { return entries_; }
  const std::vector<SkippedTensor>& skipped() const { return skipped_; }
  const std::vector<std::string>& paths() const { return paths_; }
  std::uint64_t total_bytes() const;
  const TensorEntry* find(std::string_view name) const;
  Status read_rows(const TensorEntry& tensor, std::int64_t first_row, std::int64_t rows, std::byte* destination) const;
  Result<std::string> identity() const;  // ModelFile::identity() of its files

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::vector<File> files_;
  std::vector<std::string> paths_;
  std::vector<TensorEntry> entries_;
  std::vector<SkippedTensor> skipped_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_;
};

// Elements and bytes of a shape without overflow; nullopt when a dimension is below 1, the product does not fit or a
// row is no whole number of blocks.
std::optional<std::uint64_t> checked_bytes(DType dtype, const Shape& shape);

}  // namespace trivium
