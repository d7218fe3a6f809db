#include "formats/tensor_table.h"

#include <algorithm>

#include "base/hash.h"
#include "formats/errors.h"
#include "formats/file_hash.h"

namespace trivium {

std::optional<std::uint64_t> checked_bytes(DType dtype, const Shape& shape) {
  const DTypeInfo& row = info(dtype);
  std::int64_t elements = 1, bytes = 0;
  for (int i = 0; i < shape.rank; ++i) {
    if (shape.dims[i] < 1 || __builtin_mul_overflow(elements, shape.dims[i], &elements)) return std::nullopt;
  }
  if (shape.columns() % static_cast<std::int64_t>(row.block_elements) != 0) return std::nullopt;
  const std::int64_t blocks = elements / static_cast<std::int64_t>(row.block_elements);
  if (__builtin_mul_overflow(blocks, static_cast<std::int64_t>(row.block_bytes), &bytes)) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

int TensorTable::add_file(File file) {
  paths_.push_back(file.path());
  files_.push_back(std::move(file));
  return static_cast<int>(files_.size()) - 1;
}

Status TensorTable::add(TensorEntry entry) {
  if (!index_.emplace(entry.name, entries_.size()).second) {
    return bad_format({paths_[entry.part], entry.name}, "two tensors have this name", "each name once", "it twice");
  }
  entries_.push_back(std::move(entry));
  return {};
}

std::uint64_t TensorTable::total_bytes() const {
  std::uint64_t total = 0;
  for (const File& file : files_) total += file.size();
  return total;
}

const TensorEntry* TensorTable::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &entries_[found->second];
}

Status TensorTable::read_rows(const TensorEntry& tensor, std::int64_t first_row, std::int64_t rows,
                              std::byte* destination) const {
  const std::int64_t all = tensor.shape.rows();
  if (first_row < 0 || rows < 0 || first_row > all || rows > all - first_row || tensor.part < 0 ||
      static_cast<std::size_t>(tensor.part) >= files_.size()) {
    Error error;
    error.code = ErrorCode::invalid_argument;
    error.message = "Rows outside of tensor " + printable(tensor.name) + " were asked for";
    error.field = tensor.name;
    error.expected = "rows within " + interval(0, all);
    error.found = std::to_string(rows) + " rows from row " + std::to_string(first_row);
    error.remedy = "This is a fault of the caller: report it.";
    return error;
  }
  const std::uint64_t one = row_bytes(tensor.dtype, tensor.shape.columns());
  Status status = files_[tensor.part].read_at(tensor.offset + static_cast<std::uint64_t>(first_row) * one, destination,
                                              static_cast<std::size_t>(static_cast<std::uint64_t>(rows) * one));
  if (!status.ok()) status.error().field = tensor.name;
  return status;
}

Result<std::string> TensorTable::identity() const {
  std::vector<std::uint64_t> heads(files_.size(), 0);  // bytes before the first tensor
  std::uint64_t parts = 0;                               // which file each tensor is taken from: an index may say
  for (const TensorEntry& entry : entries_) {
    heads[entry.part] = heads[entry.part] == 0 ? entry.offset : std::min(heads[entry.part], entry.offset);
    parts = hash64(entry.name, parts + static_cast<std::uint64_t>(entry.part));
  }
  std::string identity = std::to_string(parts) + "\n";
  for (std::size_t part = 0; part < files_.size(); ++part) {
    TRIVIUM_TRY_ASSIGN(const FileIdentity found, files_[part].identity());
    TRIVIUM_TRY_ASSIGN(const std::uint64_t head, hash_bytes(files_[part], 0, heads[part]));
    TRIVIUM_TRY_ASSIGN(const std::uint64_t tensors, hash_samples(files_[part], heads[part], found.size));
    for (const std::uint64_t fact : {found.size, static_cast<std::uint64_t>(found.modified_ns),
                                     static_cast<std::uint64_t>(found.changed_ns), found.number, found.device, head, tensors})
      identity += std::to_string(fact) + " ";
    identity.back() = '\n';
  }
  return identity;
}

}  // namespace trivium
