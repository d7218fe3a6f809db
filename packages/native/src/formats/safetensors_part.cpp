// One safetensors file -> tensor entries. The rules are those of the format's reference implementation: offsets
// without gap or overlap, the last one the end of the file. Knows no folders and no index.
#include <algorithm>

#include "formats/containers.h"
#include "formats/errors.h"

namespace trivium {
namespace {

constexpr std::uint64_t most_header_bytes = 100'000'000;  // the format's own limit
constexpr std::size_t most_name_bytes = 1024;  // as for GGUF: a name is shown in errors and kept twice

struct Declared {
  const std::string* name = nullptr;
  const std::string* type = nullptr;
  const Json* shape = nullptr;
  std::uint64_t begin = 0, end = 0;  // within the data section
};

// Bytes per element; 0 for what is not read at all.
std::uint64_t element_bytes(std::string_view type) {
  if (type == "BOOL" || type == "U8" || type == "I8") return 1;
  if (type == "U16" || type == "I16" || type == "F16" || type == "BF16") return 2;
  if (type == "U32" || type == "I32" || type == "F32") return 4;
  if (type == "U64" || type == "I64") return 8;
  return 0;
}

Result<Json> read_header(const File& file, std::uint64_t& data_start) {
  if (file.size() < 8) {
    return bad_format({file.path(), "header length"}, "too short for safetensors", "at least 8 bytes",
                      std::to_string(file.size()) + " bytes");
  }
  std::uint64_t length = 0;
  TRIVIUM_TRY(file.read_at(0, &length, sizeof length));
  const std::uint64_t most = std::min(most_header_bytes, file.size() - 8);
  if (length > most) {
    return bad_format({file.path(), "header length"}, "an impossible header length",
                      "at most " + std::to_string(most) + " bytes", std::to_string(length),
                      "Check that this is a safetensors file, complete and not a Git LFS pointer; download it again.");
  }
  std::string text(static_cast<std::size_t>(length), '\0');
  TRIVIUM_TRY(file.read_at(8, text.data(), text.size()));
  data_start = 8 + length;
  TRIVIUM_TRY_ASSIGN(Json header, Json::parse(text, file.path()));
  if (!header.is_object()) {
    return bad_format({file.path(), "header"}, "the header is not an object", "a JSON object", text);
  }
  return header;
}

Status check_metadata(const std::string& file, const Json& metadata) {
  const bool strings = std::all_of(metadata.members().begin(), metadata.members().end(),
                                   [](const Json::Member& member) { return member.second.is_string(); });
  if (metadata.is_object() && strings) return {};
  return bad_format({file, "__metadata__"}, "not metadata", "an object of strings", "something else");
}

Result<Declared> declared_of(const std::string& file, const Json::Member& member) {
  if (member.first.empty() || member.first.size() > most_name_bytes) {
    return bad_format({file, "header"}, "not a tensor name", "text of 1 to 1024 bytes",
                      std::to_string(member.first.size()) + " bytes");
  }
  const Json* type = member.second.find("dtype");
  const Json* shape = member.second.find("shape");
  const Json* offsets = member.second.find("data_offsets");
  if (type == nullptr || !type->is_string()) {
    return bad_format({file, member.first}, "no dtype", "a string such as \"F32\"", "none");
  }
  if (shape == nullptr || !shape->is_array()) {
    return bad_format({file, member.first}, "no shape", "an array of integers", "none");
  }
  const std::size_t count = offsets != nullptr ? offsets->items().size() : 0;
  const std::int64_t begin = count == 2 ? offsets->items()[0].integer().value_or(-1) : -1;
  const std::int64_t end = count == 2 ? offsets->items()[1].integer().value_or(-1) : -1;
  if (begin < 0 || end < begin) {
    return bad_format({file, member.first}, "data_offsets that cannot be", "[begin, end] with 0 <= begin <= end",
                      interval(begin, end));
  }
  Declared tensor{&member.first, &type->string(), shape, static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end)};
  if (element_bytes(*tensor.type) == 0) return unsupported_tensor(file, member.first, printable(*tensor.type));
  return tensor;
}

// Dimensions and dtype must make exactly the bytes that the offsets enclose.
Status check_size(const std::string& file, const Declared& tensor) {
  std::uint64_t bytes = element_bytes(*tensor.type);
  for (const Json& item : tensor.shape->items()) {
    const std::int64_t dim = item.integer().value_or(-1);
    if (dim < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(dim), &bytes)) {
      return bad_format({file, *tensor.name}, "an impossible shape", "dimensions >= 0 whose product fits 64 bits",
                        dim < 0 ? "a dimension that is no count" : std::to_string(dim));
    }
  }
  if (bytes == tensor.end - tensor.begin) return {};
  return bad_format({file, *tensor.name}, "shape and data_offsets do not agree", std::to_string(bytes) + " bytes",
                    std::to_string(tensor.end - tensor.begin) + " bytes");
}

Status check_layout(const File& file, std::vector<Declared>& tensors, std::uint64_t data_start) {
  std::sort(tensors.begin(), tensors.end(), [](const Declared& a, const Declared& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t next = 0;
  for (const Declared& tensor : tensors) {
    if (tensor.begin != next) {
      return bad_format({file.path(), *tensor.name}, "a gap or an overlap before this tensor",
                        "data that begins at " + std::to_string(next), std::to_string(tensor.begin));
    }
    next = tensor.end;
  }
  if (next == file.size() - data_start) return {};
  return bad_format({file.path(), tensors.empty() ? "header" : *tensors.back().name},
                    "the tensors do not end where the file does", std::to_string(data_start + next) + " bytes",
                    std::to_string(file.size()) + " bytes",
                    "The file is incomplete or was cut: download it again.");
}

// What we compute with becomes an entry, everything else is listed as skipped.
Status add(TensorTable& table, const Declared& tensor, std::uint64_t data_start, int part) {
  const auto dtype = dtype_from_safetensors(*tensor.type);
  const auto& dims = tensor.shape->items();
  if (!dtype || dims.size() > 4 || tensor.begin == tensor.end) {
    table.skip({*tensor.name, *tensor.type});
    return {};
  }
  Shape shape;
  shape.rank = static_cast<int>(dims.size());
  for (std::size_t i = 0; i < dims.size(); ++i) shape.dims[i] = *dims[i].integer();
  return table.add({*tensor.name, *dtype, shape, data_start + tensor.begin, tensor.end - tensor.begin, part});
}

}  // namespace

Status read_safetensors_part(const std::string& path, TensorTable& table,
                             const std::function<bool(std::string_view name)>& wanted) {
  TRIVIUM_TRY_ASSIGN(File file, File::open(path));
  std::uint64_t data_start = 0;
  TRIVIUM_TRY_ASSIGN(const Json header, read_header(file, data_start));
  std::vector<Declared> tensors;
  tensors.reserve(header.members().size());
  for (const Json::Member& member : header.members()) {
    if (member.first == "__metadata__") {
      TRIVIUM_TRY(check_metadata(path, member.second));
      continue;
    }
    TRIVIUM_TRY_ASSIGN(const Declared tensor, declared_of(path, member));
    TRIVIUM_TRY(check_size(path, tensor));
    tensors.push_back(tensor);
  }
  TRIVIUM_TRY(check_layout(file, tensors, data_start));
  const int part = table.add_file(std::move(file));
  for (const Declared& tensor : tensors) {
    if (wanted(*tensor.name)) TRIVIUM_TRY(add(table, tensor, data_start, part));
  }
  return {};
}

}  // namespace trivium
