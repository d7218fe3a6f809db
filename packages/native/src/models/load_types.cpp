#include "models/load_types.h"

#include <array>
#include <string>
#include <vector>

#include "tensor/codecs.h"

namespace trivium {
namespace {

struct LoadType {
  std::string_view name;
  DType dtype;
  DType short_rows;  // for rows that its super-blocks do not divide
};

constexpr std::array<LoadType, 5> load_types{{{"q8_0", DType::q8_0, DType::q8_0},
                                              {"q6_k", DType::q6_k, DType::q8_0},
                                              {"q5_k", DType::q5_k, DType::q8_0},
                                              {"q4_k", DType::q4_k, DType::q4_0},
                                              {"q4_0", DType::q4_0, DType::q4_0}}};

constexpr std::int64_t small_model = 1 << 27;  // weights

bool divides(DType dtype, std::int64_t columns) {
  return columns % static_cast<std::int64_t>(info(dtype).block_elements) == 0;
}

}  // namespace

Result<DType> load_type_named(std::string_view name) {
  Error error;
  for (const LoadType& type : load_types) {
    if (type.name == name) return type.dtype;
    error.expected += (error.expected.empty() ? "" : ", ") + std::string(type.name);
  }
  error.code = ErrorCode::invalid_argument;
  error.message = "Weights cannot be quantized to \"" + std::string(name) + "\" while loading.";
  error.field = "quantize";
  error.found = std::string(name);
  error.remedy = "Leave it out to keep the types of the file.";
  return error;
}

Result<DType> kv_type_named(std::string_view name) {
  if (name == "f32") return DType::f32;
  if (name == "f16") return DType::f16;
  if (name == "q8_0") return DType::q8_0;
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = "Keys and values cannot be held as \"" + std::string(name) + "\".";
  error.field = "kvType";
  error.expected = "f32, f16, q8_0";
  error.found = std::string(name);
  error.remedy = "Leave it out for the model's own.";
  return error;
}

Result<int> checked_activation_bits(int bits) {
  if (bits == 8 || bits == 16) return bits;
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = "Activations cannot be kept in " + std::to_string(bits) + " bits.";
  error.field = "activationBits";
  error.expected = "8, 16";
  error.found = std::to_string(bits);
  error.remedy = "Leave it out for the model's own.";
  return error;
}

int default_activation_bits(const ModelSpec& spec, const ModelFile& file) {
  std::int64_t weights = 0;
  for (const TensorEntry& entry : file.tensors()) weights += entry.shape.elements();
  return spec.head.logits && weights <= small_model ? 16 : 8;
}

DType load_type(DType wanted, const TensorEntry& entry, Role role) {
  const bool is_matrix = role == Role::matrix || role == Role::matrix_and_table;
  if (!is_matrix || info(entry.dtype).block_elements > 1) return entry.dtype;
  DType to = role == Role::matrix_and_table ? DType::q8_0 : wanted;
  const std::int64_t columns = entry.shape.columns();
  for (const LoadType& type : load_types)
    if (type.dtype == to && !divides(to, columns)) to = type.short_rows;
  return divides(to, columns) ? to : entry.dtype;
}

WeightSource encoded(WeightSource source, DType to) {
  const DType from = source.dtype;
  const std::int64_t columns = source.shape.columns();
  source.dtype = to;
  source.read_rows = [read = std::move(source.read_rows), from, to, columns](
                         std::int64_t first, std::int64_t rows, std::byte* destination) -> Status {
    const std::size_t stride = row_bytes(from, columns);
    std::vector<std::byte> stored(stride * static_cast<std::size_t>(rows));
    TRIVIUM_TRY(read(first, rows, stored.data()));
    std::vector<float> values(static_cast<std::size_t>(columns));
    for (std::int64_t r = 0; r < rows; ++r) {
      decode_row(from, stored.data() + static_cast<std::size_t>(r) * stride, values.data(), values.size());
      encode_row(to, values.data(), destination + static_cast<std::size_t>(r) * row_bytes(to, columns), values.size());
    }
    return {};
  };
  return source;
}

}  // namespace trivium
