// A model's weights from file to backend, checked against the spec and streamed row by row or mapped as an earlier start packed
// them, and the plan over them.
#include <algorithm>

#include "models/build.h"
#include "models/load_types.h"
#include "models/pack_cache.h"
#include "models/pack_file.h"
#include "models/pack_temporaries.h"
#include "models/rows.h"

namespace trivium {
namespace {

struct Wanted {
  const TensorEntry* entry;
  Role role;
  DType dtype;  // as it is held
};

Error misfit(const ModelFile& file, const std::string& name, const Shape& expected, const TensorEntry* entry) {
  Error error;
  error.code = ErrorCode::bad_format;
  error.message = entry ? "The tensor " + name + " has the wrong shape." : "The tensor " + name + " is missing.";
  error.file = file.path();
  error.field = name;
  error.expected = to_string(expected);
  error.found = entry ? to_string(entry->shape) : "nothing";
  error.remedy = "The file is damaged or incomplete; get it again.";
  return error;
}

// A height of 0 takes whatever the file has.
bool fits(const Shape& found, const Shape& expected) {
  const std::int64_t rows = expected.rank == 1 ? 1 : expected.dims[0];
  const std::int64_t found_rows = found.rank == 1 && expected.rank == 1 ? 1 : found.rows();
  return found.columns() == expected.columns() && (rows == 0 ? found_rows >= 1 : found_rows == rows);
}

using Progress = std::function<Status(double share)>;
using Weights = std::vector<std::shared_ptr<const Buffer>>;

Result<Weights> pack(const ModelFile& file, Backend& backend, const std::vector<Wanted>& wanted, const Progress& progress) {
  Weights weights;
  double total = 0, done = 0;
  for (const Wanted& weight : wanted) total += static_cast<double>(weight.entry->bytes);
  for (const Wanted& weight : wanted) {
    const TensorEntry& entry = *weight.entry;
    WeightSource source{entry.name, entry.dtype, entry.shape,
                        [&](std::int64_t first, std::int64_t rows, std::byte* destination) {
                          return file.read_rows(entry, first, rows, destination);
                        }};
    if (weight.dtype != entry.dtype) source = encoded(std::move(source), weight.dtype);
    TRIVIUM_TRY_ASSIGN(auto buffer, backend.upload(source, weight.role));
    weights.push_back(std::move(buffer));
    done += static_cast<double>(entry.bytes);
    if (progress) TRIVIUM_TRY(progress(total > 0 ? done / total : 1));
  }
  return weights;
}

// Where the packed weights are kept; nothing when they are not to be, or the files cannot be told apart.
std::optional<PackTarget> target_of(const PackCache& cache, const ModelFile& file, const Backend& backend,
                                    const Precision& precision, const std::vector<Wanted>& wanted) {
  std::uint64_t bytes = 0;
  for (const Wanted& weight : wanted)
    bytes += row_bytes(weight.dtype, weight.entry->shape.columns()) * static_cast<std::uint64_t>(weight.entry->shape.rows());
  if (cache.folder.empty() || backend.layout() == 0 || bytes < cache.least_bytes) return std::nullopt;
  Result<std::string> key = pack_key(file, backend, precision);
  if (!key.ok()) return std::nullopt;
  PackTarget target{pack_path(cache.folder, *key), *key, {}};
  for (const Wanted& weight : wanted) target.labels.push_back(pack_label(*weight.entry, weight.role, weight.dtype));
  return target;
}

Result<Weights> map(const PackTarget& target, Backend& backend, const std::vector<Wanted>& wanted, const Progress& progress) {
  TRIVIUM_TRY_ASSIGN(const PackFile pack, PackFile::open(target.path, target.key));
  Weights weights;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    TRIVIUM_TRY_ASSIGN(HeldBytes packed, pack.weight(i, target.labels[i]));
    TRIVIUM_TRY_ASSIGN(auto buffer, backend.adopt(wanted[i].dtype, wanted[i].entry->shape, wanted[i].role, std::move(packed)));
    weights.push_back(std::move(buffer));
  }
  TRIVIUM_TRY(pack.verify(progress));
  pack.mark_used();
  return weights;
}

}  // namespace

Result<std::shared_ptr<LoadedModel>> LoadedModel::load(std::shared_ptr<const ModelFile> file, std::shared_ptr<Backend> backend,
                                                       const Precision& precision, const PackCache& cache,
                                                       const Progress& progress) {
  TRIVIUM_TRY_ASSIGN(const ArchitectureRow* row, row_of(*file));
  auto model = std::make_shared<LoadedModel>();
  TRIVIUM_TRY_ASSIGN(model->spec_, row->spec(*file));
  model->backend_ = backend;

  std::vector<Wanted> wanted;
  Status fault;
  const WeightLookup lookup = [&](PlanBuilder& plan, WeightName name, int layer, Shape shape, Role role, bool required) {
    const TensorEntry* entry = find_weight(*file, row->weights(), name, layer, row->prefixes);
    if (!entry && !required) return no_tensor;
    if (!entry || !fits(entry->shape, shape)) {
      if (fault.ok()) fault = misfit(*file, file_name_of(row->weights(), name, layer), shape, entry);
      return no_tensor;
    }
    const Shape found = shape.rank == 1 ? shape : entry->shape;
    wanted.push_back({entry, role, precision.weights ? load_type(*precision.weights, *entry, role) : entry->dtype});
    return plan.weight(entry->name, static_cast<int>(wanted.size()) - 1, wanted.back().dtype, found);
  };
  Result<Plan> plan = build(model->spec_, lookup, precision.activation_bits.value_or(default_activation_bits(model->spec_, *file)));
  if (!fault.ok()) return std::move(fault.error());
  if (!plan.ok()) {
    plan.error().file = file->path();
    return std::move(plan.error());
  }
  model->plan_ = std::move(*plan);

  const auto is_f32 = [](const Wanted& weight) { return weight.role == Role::vector || weight.dtype == DType::f32; };
  const bool all_f32 = std::all_of(wanted.begin(), wanted.end(), is_f32);
  model->kv_dtype_ = precision.keys_and_values.value_or(all_f32 ? DType::f32 : DType::f16);
  const std::size_t block = info(model->kv_dtype_).block_elements;
  if (const int head = model->page_geometry().head_dim; std::size_t(head) % block != 0) {
    Error error;
    error.code = ErrorCode::unsupported;
    error.message = "The heads of this model are too odd for keys and values of eight bits.";
    error.file = file->path();
    error.field = "kvType";
    error.expected = "heads of a multiple of " + std::to_string(block) + " channels";
    error.found = std::to_string(head);
    error.remedy = "Leave kvType out.";
    return error;
  }

  std::optional<PackTarget> target;
  try {
    target = target_of(cache, *file, *backend, precision, wanted);
    if (target) {
      remove_abandoned_packs(cache.folder, false);
      Result<Weights> mapped = map(*target, *backend, wanted, progress);
      if (!mapped.ok() && mapped.error().code == ErrorCode::cancelled) return std::move(mapped.error());
      if (mapped.ok()) {
        model->weights_ = std::move(*mapped);
        model->mapped_ = true;
        return model;
      }
    }
  } catch (...) {
    target.reset();  // a cache is no reason to fail: the weights are packed
  }
  TRIVIUM_TRY_ASSIGN(model->weights_, pack(*file, *backend, wanted, progress));
  // What was packed may be of two minds when the files changed meanwhile.
  if (target)
    if (const auto key = pack_key(*file, *backend, precision); key.ok() && *key == target->key) model->pack_target_ = std::move(target);
  return model;
}

std::size_t LoadedModel::weight_bytes() const {
  std::size_t bytes = 0;
  for (const auto& buffer : weights_) bytes += buffer->bytes();
  return bytes;
}

PageGeometry LoadedModel::page_geometry() const {
  PageGeometry geometry;
  geometry.dtype = kv_dtype_;
  for (const LayerSpec& layer : spec_.layers) {
    if (!layer.attention.causal) continue;
    geometry.layers += 1;
    geometry.kv_heads = std::max(geometry.kv_heads, layer.attention.kv_heads);
    geometry.head_dim = std::max(geometry.head_dim, layer.attention.head_dim);
  }
  return geometry;
}

Result<std::unique_ptr<Program>> LoadedModel::compile(const BatchShape& largest) const {
  return backend_->compile(plan_, weights_, largest);
}

}  // namespace trivium
