// One GGUF file -> metadata and tensor entries. Refuses to guess: a tensor table that does not fit the file exactly
// as the format says is an error, never a smaller model. Knows nothing of architectures or of split files.
#include <algorithm>
#include <bit>

#include "base/utf8.h"
#include "formats/containers.h"
#include "formats/errors.h"
#include "formats/gguf_metadata.h"

namespace trivium {
namespace {

constexpr std::uint64_t most_name_bytes = 1024;
constexpr std::uint64_t least_tensor_bytes = 8 + 1 + 4 + 4 + 8;
constexpr std::int64_t most_alignment = 1 << 16;

// Integer types that buffers use and nothing computes with: bytes per element, 0 for every other type.
std::uint64_t buffer_type_bytes(std::uint32_t type) {
  switch (type) {
    case 24: return 1;  // I8
    case 25: return 2;  // I16
    case 27: return 8;  // I64
    default: return 0;
  }
}

struct Declared {  // a row of the tensor table, offset still relative to the data section
  std::string name;
  Shape shape;
  std::uint32_t type = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct Counts {
  std::uint64_t tensors = 0;
  std::uint64_t pairs = 0;
};

Result<Counts> read_header(FileCursor& cursor) {
  const auto wrong = [&](std::string_view field, std::string_view problem, std::string_view expected,
                         std::string_view found, std::string_view remedy) {
    return unsupported_format({cursor.file(), field}, problem, expected, found, remedy);
  };
  TRIVIUM_TRY_ASSIGN(const std::uint32_t magic, cursor.read<std::uint32_t>("magic"));
  if (magic != gguf_magic) {
    return bad_format({cursor.file(), "magic"}, "not a GGUF file", "the bytes GGUF at the start", std::to_string(magic),
                      "Pass a .gguf file; a download page or a Git LFS pointer saved in its place looks like this.");
  }
  TRIVIUM_TRY_ASSIGN(const std::uint32_t version, cursor.read<std::uint32_t>("version"));
  if (version != 2 && version != 3) {
    const bool swapped = version != 0 && (version & 0xFFFF) == 0;
    return wrong("version", swapped ? "a big-endian GGUF file" : "a GGUF version that is not read",
                 "little-endian version 2 or 3", std::to_string(version),
                 swapped ? "Use the little-endian file." : "Convert the model again with a current converter.");
  }
  Counts counts;
  TRIVIUM_TRY_ASSIGN(counts.tensors, cursor.read<std::uint64_t>("tensor count"));
  TRIVIUM_TRY_ASSIGN(counts.pairs, cursor.read<std::uint64_t>("metadata count"));
  if (counts.tensors > cursor.remaining() / least_tensor_bytes) {
    return bad_format({cursor.file(), "tensor count"}, "more tensors than the file can hold",
                      "at most " + std::to_string(cursor.remaining() / least_tensor_bytes),
                      std::to_string(counts.tensors));
  }
  return counts;
}

Result<std::uint64_t> alignment_of(const FileCursor& cursor, const Metadata& metadata) {
  if (metadata.find("general.alignment") == nullptr) return std::uint64_t{32};
  const std::int64_t alignment = metadata.integer("general.alignment").value_or(0);
  if (alignment < 1 || alignment > most_alignment || !std::has_single_bit(static_cast<std::uint64_t>(alignment))) {
    return bad_format({cursor.file(), "general.alignment"}, "not an alignment", "a power of two up to 65536",
                      std::to_string(alignment));
  }
  return static_cast<std::uint64_t>(alignment);
}

// GGUF lists the fastest dimension first; a Shape lists it last.
Result<Shape> read_shape(FileCursor& cursor, const std::string& name) {
  TRIVIUM_TRY_ASSIGN(const std::uint32_t rank, cursor.read<std::uint32_t>(name));
  if (rank > 4) {
    return bad_format({cursor.file(), name}, "too many dimensions", "at most 4", std::to_string(rank));
  }
  Shape shape;
  shape.rank = static_cast<int>(rank);
  for (std::uint32_t i = 0; i < rank; ++i) {
    TRIVIUM_TRY_ASSIGN(const std::uint64_t dim, cursor.read<std::uint64_t>(name));
    if (dim < 1 || dim > (std::uint64_t{1} << 48)) {
      return bad_format({cursor.file(), name}, "an impossible dimension", "1 to 2^48", std::to_string(dim));
    }
    shape.dims[rank - 1 - i] = static_cast<std::int64_t>(dim);
  }
  return shape;
}

// Bytes of a declared tensor; an error when its type is not read or its size is no size.
Result<std::uint64_t> bytes_of(const FileCursor& cursor, const Declared& tensor) {
  const auto dtype = dtype_from_gguf(tensor.type);
  const std::uint64_t buffer_bytes = buffer_type_bytes(tensor.type);
  if (!dtype && buffer_bytes == 0) {
    std::string type(gguf_type_name(tensor.type));
    if (type == "unknown") type = "type " + std::to_string(tensor.type);
    return unsupported_tensor(cursor.file(), tensor.name, type);
  }
  auto bytes = checked_bytes(dtype.value_or(DType::i32), tensor.shape);
  if (bytes && !dtype) {
    std::uint64_t scaled = 0;
    const bool overflow = __builtin_mul_overflow(*bytes / 4, buffer_bytes, &scaled);
    bytes = overflow ? std::nullopt : std::optional(scaled);
  }
  if (!bytes) {
    const std::size_t block = dtype ? info(*dtype).block_elements : 1;
    return bad_format({cursor.file(), tensor.name}, "a shape that cannot be",
                      "rows that are a multiple of " + std::to_string(block) + ", and a size that fits 63 bits",
                      to_string(tensor.shape));
  }
  return *bytes;
}

Result<std::vector<Declared>> read_table(FileCursor& cursor, std::uint64_t count) {
  std::vector<Declared> tensors;
  tensors.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    Declared tensor;
    const std::string place = "tensor " + std::to_string(i);
    TRIVIUM_TRY_ASSIGN(tensor.name, cursor.read_string(place, most_name_bytes));
    if (tensor.name.empty() || !is_utf8(tensor.name)) {
      return bad_format({cursor.file(), place}, "not a tensor name", "UTF-8 text of 1 to 1024 bytes", tensor.name);
    }
    TRIVIUM_TRY_ASSIGN(tensor.shape, read_shape(cursor, tensor.name));
    TRIVIUM_TRY_ASSIGN(tensor.type, cursor.read<std::uint32_t>(tensor.name));
    TRIVIUM_TRY_ASSIGN(tensor.offset, cursor.read<std::uint64_t>(tensor.name));
    TRIVIUM_TRY_ASSIGN(tensor.bytes, bytes_of(cursor, tensor));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

// Every tensor aligned, inside the data section and clear of every other one.
Status check_layout(const std::string& file, const std::vector<Declared>& tensors, std::uint64_t alignment,
                    std::uint64_t data_bytes) {
  std::vector<const Declared*> order;
  order.reserve(tensors.size());
  for (const Declared& tensor : tensors) {
    if (tensor.offset % alignment != 0) {
      return bad_format({file, tensor.name}, "the data is not aligned", "a multiple of " + std::to_string(alignment),
                        "offset " + std::to_string(tensor.offset));
    }
    if (tensor.offset > data_bytes || tensor.bytes > data_bytes - tensor.offset) {
      return bad_format({file, tensor.name}, "the data lies beyond the end of the file",
                        std::to_string(data_bytes) + " bytes of tensor data at most",
                        std::to_string(tensor.bytes) + " bytes at offset " + std::to_string(tensor.offset));
    }
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const Declared* a, const Declared* b) { return a->offset < b->offset; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (order[i - 1]->offset + order[i - 1]->bytes > order[i]->offset) {
      return bad_format({file, order[i]->name}, "two tensors share bytes", "an offset after " + order[i - 1]->name,
                        "offset " + std::to_string(order[i]->offset));
    }
  }
  return {};
}

}  // namespace

Result<Metadata> read_gguf_part(const std::string& path, TensorTable& table) {
  TRIVIUM_TRY_ASSIGN(File file, File::open(path));
  FileCursor cursor(file);
  TRIVIUM_TRY_ASSIGN(const Counts counts, read_header(cursor));
  TRIVIUM_TRY_ASSIGN(Metadata metadata, read_gguf_metadata(cursor, counts.pairs));
  TRIVIUM_TRY_ASSIGN(const std::uint64_t alignment, alignment_of(cursor, metadata));
  // Once more, now that the metadata is behind us: this bound is the tight one.
  if (counts.tensors > cursor.remaining() / least_tensor_bytes) {
    return bad_format({path, "tensor count"}, "more tensors than the file can hold",
                      "at most " + std::to_string(cursor.remaining() / least_tensor_bytes),
                      std::to_string(counts.tensors));
  }
  TRIVIUM_TRY_ASSIGN(std::vector<Declared> tensors, read_table(cursor, counts.tensors));
  // A file without tensors (a vocabulary) may end before the padding.
  const std::uint64_t data_start = (cursor.position() + alignment - 1) / alignment * alignment;
  const std::uint64_t data_bytes = file.size() > data_start ? file.size() - data_start : 0;
  TRIVIUM_TRY(check_layout(path, tensors, alignment, data_bytes));

  const int part = table.add_file(std::move(file));
  for (Declared& tensor : tensors) {
    const auto dtype = dtype_from_gguf(tensor.type);
    if (!dtype) {
      table.skip({std::move(tensor.name), std::string(gguf_type_name(tensor.type))});
      continue;
    }
    TRIVIUM_TRY(table.add({std::move(tensor.name), *dtype, tensor.shape, data_start + tensor.offset, tensor.bytes, part}));
  }
  return metadata;
}

}  // namespace trivium
