// GGUF key-value pairs -> Metadata. A count is believed only after it has been held against the bytes that are left,
// so memory stays within a small multiple of the file. Knows value types, not what the keys mean.
#include "formats/gguf_metadata.h"

#include <limits>

#include "base/utf8.h"
#include "formats/errors.h"

namespace trivium {
namespace {

constexpr std::uint64_t most_key_bytes = 65535;  // the format's own limit
constexpr std::uint64_t least_pair_bytes = 8 + 1 + 4 + 1;

// Bytes of one value: exact for scalars, the least possible for strings, 0 for what is no type.
std::uint64_t least_bytes(GgufValueType type) {
  switch (type) {
    case GgufValueType::uint8:
    case GgufValueType::int8:
    case GgufValueType::boolean: return 1;
    case GgufValueType::uint16:
    case GgufValueType::int16: return 2;
    case GgufValueType::uint32:
    case GgufValueType::int32:
    case GgufValueType::float32: return 4;
    case GgufValueType::uint64:
    case GgufValueType::int64:
    case GgufValueType::float64:
    case GgufValueType::string: return 8;
    case GgufValueType::array: return 12;
  }
  return 0;
}

Error unknown_type(const FileCursor& cursor, std::string_view key, GgufValueType type) {
  return bad_format({cursor.file(), key}, "unknown value type", "a type from 0 to 12",
                    std::to_string(static_cast<std::uint32_t>(type)));
}

template <class Stored, class Kept>
Result<MetadataValue> read_scalar(FileCursor& cursor, std::string_view key) {
  TRIVIUM_TRY_ASSIGN(const Stored value, cursor.read<Stored>(key));
  return MetadataValue(static_cast<Kept>(value));
}

Result<bool> read_boolean(FileCursor& cursor, std::string_view key) {
  TRIVIUM_TRY_ASSIGN(const std::uint8_t value, cursor.read<std::uint8_t>(key));
  if (value > 1) return bad_format({cursor.file(), key}, "not a boolean", "0 or 1", std::to_string(value));
  return value == 1;
}

template <class Stored, class Kept>
Status read_items(FileCursor& cursor, std::string_view key, std::uint64_t count, GgufArray& array) {
  auto& items = array.values.emplace<std::vector<Kept>>();
  items.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    TRIVIUM_TRY_ASSIGN(const Stored value, cursor.read<Stored>(key));
    if constexpr (std::is_same_v<Stored, std::uint64_t>) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return unsupported_format({cursor.file(), key}, "an array holds a number above 2^63 - 1", "at most 2^63 - 1",
                                  std::to_string(value), "Write the file again with smaller numbers.");
      }
    }
    items.push_back(static_cast<Kept>(value));
  }
  return {};
}

Status read_strings(FileCursor& cursor, std::string_view key, std::uint64_t count, GgufArray& array) {
  auto& items = array.values.emplace<std::vector<std::string>>();
  items.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    TRIVIUM_TRY_ASSIGN(std::string text, cursor.read_string(key, cursor.remaining()));
    items.push_back(std::move(text));
  }
  return {};
}

Status read_booleans(FileCursor& cursor, std::string_view key, std::uint64_t count, GgufArray& array) {
  auto& items = array.values.emplace<std::vector<bool>>();
  items.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    TRIVIUM_TRY_ASSIGN(const bool value, read_boolean(cursor, key));
    items.push_back(value);
  }
  return {};
}

Status read_array_items(FileCursor& cursor, std::string_view key, GgufValueType type, std::uint64_t count,
                        GgufArray& array) {
  switch (type) {
    case GgufValueType::uint8: return read_items<std::uint8_t, std::int64_t>(cursor, key, count, array);
    case GgufValueType::int8: return read_items<std::int8_t, std::int64_t>(cursor, key, count, array);
    case GgufValueType::uint16: return read_items<std::uint16_t, std::int64_t>(cursor, key, count, array);
    case GgufValueType::int16: return read_items<std::int16_t, std::int64_t>(cursor, key, count, array);
    case GgufValueType::uint32: return read_items<std::uint32_t, std::int64_t>(cursor, key, count, array);
    case GgufValueType::int32: return read_items<std::int32_t, std::int64_t>(cursor, key, count, array);
    case GgufValueType::uint64: return read_items<std::uint64_t, std::int64_t>(cursor, key, count, array);
    case GgufValueType::int64: return read_items<std::int64_t, std::int64_t>(cursor, key, count, array);
    case GgufValueType::float32: return read_items<float, double>(cursor, key, count, array);
    case GgufValueType::float64: return read_items<double, double>(cursor, key, count, array);
    case GgufValueType::boolean: return read_booleans(cursor, key, count, array);
    case GgufValueType::string: return read_strings(cursor, key, count, array);
    case GgufValueType::array:
      return unsupported_format({cursor.file(), key}, "an array of arrays", "an array of scalars or strings", "arrays",
                                "Remove this key from the file; no known model needs it.");
  }
  return unknown_type(cursor, key, type);
}

Result<MetadataValue> read_array(FileCursor& cursor, std::string_view key) {
  TRIVIUM_TRY_ASSIGN(const std::uint32_t type_id, cursor.read<std::uint32_t>(key));
  TRIVIUM_TRY_ASSIGN(const std::uint64_t count, cursor.read<std::uint64_t>(key));
  if (type_id > static_cast<std::uint32_t>(GgufValueType::float64)) {
    return unknown_type(cursor, key, static_cast<GgufValueType>(type_id));
  }
  const auto type = static_cast<GgufValueType>(type_id);
  const std::uint64_t most = cursor.remaining() / least_bytes(type);
  if (count > most) {
    return bad_format({cursor.file(), key}, "an array is longer than the file",
                      "at most " + std::to_string(most) + " elements", std::to_string(count));
  }
  auto array = std::make_shared<GgufArray>();
  TRIVIUM_TRY(read_array_items(cursor, key, type, count, *array));
  return MetadataValue(std::shared_ptr<const GgufArray>(std::move(array)));
}

Result<MetadataValue> read_value(FileCursor& cursor, std::string_view key) {
  TRIVIUM_TRY_ASSIGN(const std::uint32_t type_id, cursor.read<std::uint32_t>(key));
  if (type_id > static_cast<std::uint32_t>(GgufValueType::float64)) {
    return unknown_type(cursor, key, static_cast<GgufValueType>(type_id));
  }
  switch (static_cast<GgufValueType>(type_id)) {
    case GgufValueType::uint8: return read_scalar<std::uint8_t, std::uint64_t>(cursor, key);
    case GgufValueType::int8: return read_scalar<std::int8_t, std::int64_t>(cursor, key);
    case GgufValueType::uint16: return read_scalar<std::uint16_t, std::uint64_t>(cursor, key);
    case GgufValueType::int16: return read_scalar<std::int16_t, std::int64_t>(cursor, key);
    case GgufValueType::uint32: return read_scalar<std::uint32_t, std::uint64_t>(cursor, key);
    case GgufValueType::int32: return read_scalar<std::int32_t, std::int64_t>(cursor, key);
    case GgufValueType::uint64: return read_scalar<std::uint64_t, std::uint64_t>(cursor, key);
    case GgufValueType::int64: return read_scalar<std::int64_t, std::int64_t>(cursor, key);
    case GgufValueType::float32: return read_scalar<float, double>(cursor, key);
    case GgufValueType::float64: return read_scalar<double, double>(cursor, key);
    case GgufValueType::boolean: {
      TRIVIUM_TRY_ASSIGN(const bool value, read_boolean(cursor, key));
      return MetadataValue(value);
    }
    case GgufValueType::string: {
      TRIVIUM_TRY_ASSIGN(std::string text, cursor.read_string(key, cursor.remaining()));
      return MetadataValue(std::move(text));
    }
    case GgufValueType::array: break;
  }
  return read_array(cursor, key);
}

}  // namespace

Result<Metadata> read_gguf_metadata(FileCursor& cursor, std::uint64_t count) {
  const std::uint64_t most = cursor.remaining() / least_pair_bytes;
  if (count > most) {
    return bad_format({cursor.file(), "metadata count"}, "more metadata than the file can hold",
                      "at most " + std::to_string(most), std::to_string(count));
  }
  Metadata metadata;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string place = "metadata key " + std::to_string(i);
    TRIVIUM_TRY_ASSIGN(std::string key, cursor.read_string(place, most_key_bytes));
    if (key.empty() || !is_utf8(key)) {
      return bad_format({cursor.file(), place}, "not a key", "UTF-8 text of 1 to 65535 bytes", key);
    }
    if (metadata.find(key) != nullptr) {
      return bad_format({cursor.file(), key}, "the key is there twice", "each key once", "it twice");
    }
    TRIVIUM_TRY_ASSIGN(MetadataValue value, read_value(cursor, key));
    metadata.set(std::move(key), std::move(value));
  }
  return metadata;
}

}  // namespace trivium
