// Tensors -> one safetensors file. Knows the header and the order that keeps every tensor aligned, nothing of shards.
#include <algorithm>

#include "base/utf8.h"
#include "formats/errors.h"
#include "formats/writing.h"

namespace trivium {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char c : repair_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_metadata(std::string& out, const std::vector<std::pair<std::string, std::string>>& metadata) {
  out += "\"__metadata__\":{";
  for (std::size_t i = 0; i < metadata.size(); ++i) {
    if (i > 0) out += ',';
    append_quoted(out, metadata[i].first);
    out += ':';
    append_quoted(out, metadata[i].second);
  }
  out += '}';
}

void append_tensor(std::string& out, const TensorToWrite& tensor, std::uint64_t begin) {
  append_quoted(out, tensor.name);
  out += ":{\"dtype\":\"";
  out += info(tensor.view.dtype).name;
  out += "\",\"shape\":[";
  for (int i = 0; i < tensor.view.shape.rank; ++i) {
    if (i > 0) out += ',';
    out += std::to_string(tensor.view.shape.dims[i]);
  }
  out += "],\"data_offsets\":[" + std::to_string(begin) + ',' + std::to_string(begin + tensor.view.bytes) + "]}";
}

std::string header_of(const std::vector<const TensorToWrite*>& order,
                      const std::vector<std::pair<std::string, std::string>>& metadata) {
  std::string header = "{";
  if (!metadata.empty()) append_metadata(header, metadata);
  std::uint64_t offset = 0;
  for (const TensorToWrite* tensor : order) {
    if (header.size() > 1) header += ',';
    append_tensor(header, *tensor, offset);
    offset += tensor->view.bytes;
  }
  header += '}';
  header.append((8 - header.size() % 8) % 8, ' ');
  return header;
}

Status check_plain(const std::string& path, const std::vector<TensorToWrite>& tensors,
                   const std::vector<std::pair<std::string, std::string>>& metadata) {
  for (const TensorToWrite& tensor : tensors) {
    const DTypeInfo& type = info(tensor.view.dtype);
    if (type.block_elements != 1) {
      return unsupported_format({path, tensor.name}, "safetensors has no block formats", "F32, F16, BF16 or I32",
                                type.name, "Write a GGUF file, or decode the tensor first.");
    }
    if (tensor.name != "__metadata__") continue;
    return unsupported_format({path, tensor.name}, "a reserved name", "any other name", tensor.name, "Rename the tensor.");
  }
  std::vector<std::string_view> keys;
  for (const auto& entry : metadata) keys.push_back(entry.first);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return {};
  Error error = bad_format({path, "__metadata__"}, "a key is there twice", "each key once", *twice, "Remove one of them.");
  error.code = ErrorCode::invalid_argument;
  return error;
}

}  // namespace

Status write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors,
                         const std::vector<std::pair<std::string, std::string>>& metadata) {
  TRIVIUM_TRY(check_tensors(path, tensors));
  TRIVIUM_TRY(check_plain(path, tensors, metadata));
  std::vector<const TensorToWrite*> order;
  for (const TensorToWrite& tensor : tensors) order.push_back(&tensor);
  std::stable_sort(order.begin(), order.end(), [](const TensorToWrite* a, const TensorToWrite* b) {
    return info(a->view.dtype).block_bytes > info(b->view.dtype).block_bytes;
  });
  const std::string header = header_of(order, metadata);
  const std::uint64_t length = header.size();
  TRIVIUM_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  TRIVIUM_TRY(file.write(&length, sizeof length));
  TRIVIUM_TRY(file.write(header));
  for (const TensorToWrite* tensor : order) TRIVIUM_TRY(file.write(tensor->view.data, tensor->view.bytes));
  return file.commit();
}

}  // namespace trivium
