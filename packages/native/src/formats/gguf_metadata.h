// The key-value section of a GGUF file, and the ids of its value types (reader and writer share them).
#pragma once
#include "formats/file_cursor.h"
#include "formats/model_file.h"

namespace trivium {

enum class GgufValueType : std::uint32_t {
  uint8, int8, uint16, int16, uint32, int32, float32, boolean, string, array, uint64, int64, float64
};
inline constexpr std::uint32_t gguf_magic = 0x46554747;  // "GGUF"

// Reads `count` pairs. Repeated keys, nested arrays and impossible lengths are errors.
Result<Metadata> read_gguf_metadata(FileCursor& cursor, std::uint64_t count);

}  // namespace trivium
