#include "models/model_plan.h"

#include <algorithm>

#include "formats/errors.h"
#include "models/build.h"
#include "models/load_types.h"
#include "models/rows.h"
#include "tensor/dtype.h"

namespace trivium {
namespace {

// Tensors that are no weights: of types that are not read, and of integers.
std::vector<SkippedTensor> unread_tensors(const ModelFile& file) {
  std::vector<SkippedTensor> unread;
  for (const SkippedTensor& skipped : file.skipped())
    if (!dtype_from_safetensors(skipped.type)) unread.push_back(skipped);  // others are empty, or of too many dimensions
  for (const TensorEntry& entry : file.tensors())
    if (entry.dtype == DType::i32) unread.push_back({entry.name, std::string(info(entry.dtype).name)});
  return unread;
}

// What the file has in the place of a weight in a form that is not read: the weight itself, or what quantizers write instead
// of it ("q_proj.qweight" for "q_proj.weight").
std::optional<SkippedTensor> unread_in_place_of(const ModelFile& file, const ArchitectureRow& row, const std::string& name) {
  const std::string module = name.substr(0, name.rfind('.') + 1);
  std::optional<SkippedTensor> beside;
  for (const SkippedTensor& unread : unread_tensors(file)) {
    for (const std::string& prefix : row.prefixes) {
      if (unread.name == prefix + name) return unread;
      if (!beside && unread.name.starts_with(prefix + module)) beside = unread;
    }
  }
  return beside;
}

// What transformers writes of a model for anything but text: the layers, and perhaps another head.
Error without_head(const ModelFile& file, const std::string& name) {
  Error error;
  error.code = ErrorCode::unsupported;
  error.message = "The model has no language-model head.";
  error.file = file.path();
  error.field = name;
  error.expected = "a decoder that writes text";
  error.found = "nothing";
  error.remedy = "Use the language model of the family; decoders that embed, classify or reward are not supported.";
  return error;
}

Error missing(const ModelFile& file, const ArchitectureRow& row, WeightName weight, int layer, const Shape& expected) {
  const std::string name = file_name_of(row.weights(), weight, layer);
  if (const auto unread = unread_in_place_of(file, row, name))
    return unsupported_tensor(file.path(), unread->name, printable(unread->type));
  if (weight == WeightName::head) return without_head(file, name);
  Error error;
  error.code = ErrorCode::bad_format;
  error.message = "The tensor " + name + " is missing.";
  error.file = file.path();
  error.field = name;
  error.expected = to_string(expected);
  error.found = "nothing";
  error.remedy = "The file is damaged or incomplete; get it again.";
  return error;
}

Error misshapen(const ModelFile& file, const TensorEntry& entry, const Shape& expected) {
  Error error;
  error.code = ErrorCode::bad_format;
  error.message = "The tensor " + printable(entry.name) + " has the wrong shape.";
  error.file = file.path();
  error.field = printable(entry.name);
  error.expected = to_string(expected);
  error.found = to_string(entry.shape);
  error.remedy = "The file is damaged or incomplete; get it again.";
  return error;
}

// A height of 0 takes whatever the file has.
bool fits(const Shape& found, const Shape& expected) {
  const std::int64_t rows = expected.rank == 1 ? 1 : expected.dims[0];
  const std::int64_t found_rows = found.rank == 1 && expected.rank == 1 ? 1 : found.rows();
  return found.columns() == expected.columns() && (rows == 0 ? found_rows >= 1 : found_rows == rows);
}

}  // namespace

Result<ModelPlan> plan_of(const ModelFile& file, const ModelSpec& spec, const Precision& precision) {
  TRIVIUM_TRY_ASSIGN(const ArchitectureRow* row, row_of(file));
  ModelPlan made;
  Status fault;
  const WeightLookup lookup = [&](PlanBuilder& plan, WeightName name, int layer, Shape shape, Role role, bool required) {
    const TensorEntry* entry = find_weight(file, row->weights(), name, layer, row->prefixes);
    if (entry && entry->dtype == DType::i32) entry = nullptr;  // integers are no weights
    if (!entry && !required) return no_tensor;
    if (!entry || !fits(entry->shape, shape)) {
      if (fault.ok())
        fault = entry ? misshapen(file, *entry, shape) : missing(file, *row, name, layer, shape);
      return no_tensor;
    }
    const DType dtype = precision.weights ? load_type(*precision.weights, *entry, role) : entry->dtype;
    made.weights.push_back({entry, role, dtype});
    return plan.weight(entry->name, static_cast<int>(made.weights.size()) - 1, dtype, shape.rank == 1 ? shape : entry->shape);
  };
  Result<Plan> plan = build(spec, lookup, precision.activation_bits.value_or(default_activation_bits(spec, file)));
  if (!fault.ok()) return std::move(fault.error());
  if (!plan.ok()) {
    plan.error().file = file.path();
    return std::move(plan.error());
  }
  made.plan = std::move(*plan);
  return made;
}

DType own_kv_dtype(const ModelPlan& planned) {
  const auto is_f32 = [](const PlannedWeight& weight) { return weight.role == Role::vector || weight.dtype == DType::f32; };
  return std::all_of(planned.weights.begin(), planned.weights.end(), is_f32) ? DType::f32 : DType::f16;
}

PageGeometry page_geometry_of(const ModelSpec& spec, DType dtype) {
  PageGeometry geometry;
  geometry.dtype = dtype;
  for (const LayerSpec& layer : spec.layers) {
    if (!layer.attention.causal) continue;
    geometry.layers += 1;
    geometry.kv_heads = std::max(geometry.kv_heads, layer.attention.kv_heads);
    geometry.head_dim = std::max(geometry.head_dim, layer.attention.head_dim);
  }
  return geometry;
}

}  // namespace trivium
