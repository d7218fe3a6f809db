// Which container a path is, and the one reading that all of them share.
#include "formats/model_file.h"

#include <algorithm>
#include <cstring>

#include "formats/containers.h"
#include "formats/errors.h"
#include "tensor/codecs.h"

namespace trivium {

Result<std::shared_ptr<const ModelFile>> ModelFile::open(const std::string& path) {
  if (path_kind(path) == PathKind::folder) return open_hugging_face_folder(path);
  TRIVIUM_TRY_ASSIGN(const File file, File::open(path));
  char magic[4] = {};
  TRIVIUM_TRY(file.read_at(0, magic, static_cast<std::size_t>(std::min<std::uint64_t>(sizeof magic, file.size()))));
  if (std::memcmp(magic, "GGUF", 4) == 0 || path.ends_with(".gguf")) return open_gguf(path);
  if (path.ends_with(".safetensors")) return open_safetensors(path);
  return unsupported_format({path, "magic"}, "not a model file", "a .gguf or .safetensors file, or a Hugging Face folder",
                            std::string_view(magic, ::strnlen(magic, sizeof magic)),
                            "Pass the path of a GGUF file, a safetensors file or the folder that holds config.json.");
}

Result<std::optional<std::string>> ModelFile::find_text(const std::string& name) const {
  Result<std::string> text = read_text(name);
  if (text.ok()) return std::optional<std::string>(std::move(*text));
  if (text.error().code == ErrorCode::not_found) return std::optional<std::string>();
  return std::move(text.error());
}

Result<std::vector<float>> ModelFile::read_f32(const TensorEntry& tensor) const {
  const std::int64_t columns = tensor.shape.columns(), rows = tensor.shape.rows();
  const std::size_t row = row_bytes(tensor.dtype, columns);
  const std::int64_t batch = std::clamp<std::int64_t>((1 << 20) / static_cast<std::int64_t>(std::max<std::size_t>(row, 1)), 1, rows);
  std::vector<float> values(static_cast<std::size_t>(tensor.shape.elements()));  // (rows, columns)
  std::vector<std::byte> stored(static_cast<std::size_t>(batch) * row);          // (batch, row)
  for (std::int64_t first = 0; first < rows; first += batch) {
    const std::int64_t count = std::min(batch, rows - first);
    TRIVIUM_TRY(read_rows(tensor, first, count, stored.data()));
    decode_row(tensor.dtype, stored.data(), values.data() + first * columns, static_cast<std::size_t>(count * columns));
  }
  return values;
}

}  // namespace trivium
