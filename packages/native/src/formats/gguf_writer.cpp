// Metadata and tensors -> GGUF v3. Knows the layout and the value types other readers expect; nothing of what keys
// mean, except general.alignment, which the layout itself needs.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "formats/errors.h"
#include "formats/gguf_metadata.h"
#include "formats/writing.h"

namespace trivium {
namespace {

class Bytes {
 public:
  template <class T>
  void put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put_type(GgufValueType type) { put(static_cast<std::uint32_t>(type)); }
  void put_string(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    bytes_.append(text);
  }
  const std::string& all() const { return bytes_; }

 private:
  std::string bytes_;
};

constexpr auto most_u32 = std::numeric_limits<std::uint32_t>::max();

void put_unsigned(Bytes& out, std::uint64_t value) {
  if (value <= most_u32) {
    out.put_type(GgufValueType::uint32);
    out.put(static_cast<std::uint32_t>(value));
  } else {
    out.put_type(GgufValueType::uint64);
    out.put(value);
  }
}

void put_signed(Bytes& out, std::int64_t value) {
  if (value >= 0) {
    put_unsigned(out, static_cast<std::uint64_t>(value));
  } else if (value >= std::numeric_limits<std::int32_t>::min()) {
    out.put_type(GgufValueType::int32);
    out.put(static_cast<std::int32_t>(value));
  } else {
    out.put_type(GgufValueType::int64);
    out.put(value);
  }
}

// A double that float32 cannot reach at all keeps its width; otherwise readers expect FLOAT32.
bool fits_f32(double value) { return !std::isfinite(value) || std::fabs(value) <= std::numeric_limits<float>::max(); }

void put_double(Bytes& out, double value) {
  if (fits_f32(value)) {
    out.put_type(GgufValueType::float32);
    out.put(static_cast<float>(value));
  } else {
    out.put_type(GgufValueType::float64);
    out.put(value);
  }
}

void put_items(Bytes& out, const std::vector<std::int64_t>& items) {
  const bool narrow = std::all_of(items.begin(), items.end(), [](std::int64_t item) {
    return item >= std::numeric_limits<std::int32_t>::min() && item <= std::numeric_limits<std::int32_t>::max();
  });
  out.put_type(narrow ? GgufValueType::int32 : GgufValueType::int64);
  out.put(static_cast<std::uint64_t>(items.size()));
  for (const std::int64_t item : items) narrow ? out.put(static_cast<std::int32_t>(item)) : out.put(item);
}

void put_items(Bytes& out, const std::vector<double>& items) {
  const bool narrow = std::all_of(items.begin(), items.end(), fits_f32);
  out.put_type(narrow ? GgufValueType::float32 : GgufValueType::float64);
  out.put(static_cast<std::uint64_t>(items.size()));
  for (const double item : items) narrow ? out.put(static_cast<float>(item)) : out.put(item);
}

void put_items(Bytes& out, const std::vector<bool>& items) {
  out.put_type(GgufValueType::boolean);
  out.put(static_cast<std::uint64_t>(items.size()));
  for (const bool item : items) out.put(static_cast<std::uint8_t>(item));
}

void put_items(Bytes& out, const std::vector<std::string>& items) {
  out.put_type(GgufValueType::string);
  out.put(static_cast<std::uint64_t>(items.size()));
  for (const std::string& item : items) out.put_string(item);
}

void put_value(Bytes& out, const MetadataValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    put_signed(out, *number);
  } else if (const auto* number = std::get_if<std::uint64_t>(&value)) {
    put_unsigned(out, *number);
  } else if (const auto* number = std::get_if<double>(&value)) {
    put_double(out, *number);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    out.put_type(GgufValueType::boolean);
    out.put(static_cast<std::uint8_t>(*flag));
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    out.put_type(GgufValueType::string);
    out.put_string(*text);
  } else if (const auto& array = std::get<std::shared_ptr<const GgufArray>>(value); array != nullptr) {
    out.put_type(GgufValueType::array);
    std::visit([&](const auto& items) { put_items(out, items); }, array->values);
  } else {
    out.put_type(GgufValueType::array);
    put_items(out, std::vector<std::int64_t>{});
  }
}

std::uint64_t padding(std::uint64_t position, std::uint64_t alignment) {
  return (alignment - position % alignment) % alignment;
}

Result<std::uint64_t> alignment_to_write(const std::string& path, const Metadata& metadata) {
  const std::int64_t alignment = metadata.integer("general.alignment").value_or(32);
  if (alignment >= 1 && alignment <= 65536 && std::has_single_bit(static_cast<std::uint64_t>(alignment))) {
    return static_cast<std::uint64_t>(alignment);
  }
  Error error = bad_format({path, "general.alignment"}, "not an alignment", "a power of two up to 65536",
                           std::to_string(alignment), "Remove the key or set it to 32.");
  error.code = ErrorCode::invalid_argument;
  return error;
}

Bytes head_of(const Metadata& metadata, const std::vector<TensorToWrite>& tensors, std::uint64_t alignment) {
  Bytes head;
  head.put(gguf_magic);
  head.put(std::uint32_t{3});
  head.put(static_cast<std::uint64_t>(tensors.size()));
  head.put(static_cast<std::uint64_t>(metadata.entries().size()));
  for (const auto& [key, value] : metadata.entries()) {
    head.put_string(key);
    put_value(head, value);
  }
  std::uint64_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    const Shape& shape = tensor.view.shape;
    head.put_string(tensor.name);
    head.put(static_cast<std::uint32_t>(shape.rank));
    for (int i = shape.rank - 1; i >= 0; --i) head.put(static_cast<std::uint64_t>(shape.dims[i]));
    head.put(static_cast<std::uint32_t>(info(tensor.view.dtype).gguf_type));
    head.put(offset);
    offset += tensor.view.bytes + padding(tensor.view.bytes, alignment);
  }
  return head;
}

}  // namespace

Status write_gguf(const std::string& path, const Metadata& metadata, const std::vector<TensorToWrite>& tensors) {
  TRIVIUM_TRY(check_tensors(path, tensors));
  TRIVIUM_TRY_ASSIGN(const std::uint64_t alignment, alignment_to_write(path, metadata));
  TRIVIUM_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  TRIVIUM_TRY(file.write(head_of(metadata, tensors, alignment).all()));
  TRIVIUM_TRY(write_zeros(file, padding(file.written(), alignment)));
  for (const TensorToWrite& tensor : tensors) {
    TRIVIUM_TRY(file.write(tensor.view.data, tensor.view.bytes));
    TRIVIUM_TRY(write_zeros(file, padding(file.written(), alignment)));
  }
  return file.commit();
}

}  // namespace trivium
