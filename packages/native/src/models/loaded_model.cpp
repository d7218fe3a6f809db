// A model's weights from file to backend, streamed row by row or mapped as an earlier start packed them, and the plan over them.
#include <algorithm>

#include "models/load_types.h"
#include "models/model_plan.h"
#include "models/pack_cache.h"
#include "models/pack_file.h"
#include "models/pack_temporaries.h"

namespace trivium {
namespace {

using Progress = std::function<Status(double share)>;
using Weights = std::vector<std::shared_ptr<const Buffer>>;

Result<Weights> pack(const ModelFile& file, Backend& backend, const std::vector<PlannedWeight>& wanted, const Progress& progress) {
  Weights weights;
  double total = 0, done = 0;
  for (const PlannedWeight& weight : wanted) total += static_cast<double>(weight.entry->bytes);
  for (const PlannedWeight& weight : wanted) {
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
                                    const Precision& precision, const std::vector<PlannedWeight>& wanted) {
  std::uint64_t bytes = 0;
  for (const PlannedWeight& weight : wanted)
    bytes += row_bytes(weight.dtype, weight.entry->shape.columns()) * static_cast<std::uint64_t>(weight.entry->shape.rows());
  if (cache.folder.empty() || backend.layout() == 0 || bytes < cache.least_bytes) return std::nullopt;
  Result<std::string> key = pack_key(file, backend, precision);
  if (!key.ok()) return std::nullopt;
  PackTarget target{pack_path(cache.folder, *key), *key, {}};
  for (const PlannedWeight& weight : wanted) target.labels.push_back(pack_label(*weight.entry, weight.role, weight.dtype));
  return target;
}

Result<Weights> map(const PackTarget& target, Backend& backend, const std::vector<PlannedWeight>& wanted, const Progress& progress) {
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
  auto model = std::make_shared<LoadedModel>();
  TRIVIUM_TRY_ASSIGN(model->spec_, spec_of(*file));
  model->backend_ = backend;
  TRIVIUM_TRY_ASSIGN(ModelPlan planned, plan_of(*file, model->spec_, precision));
  model->kv_dtype_ = precision.keys_and_values.value_or(own_kv_dtype(planned));
  model->plan_ = std::move(planned.plan);
  const std::vector<PlannedWeight>& wanted = planned.weights;

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

PageGeometry LoadedModel::page_geometry() const { return page_geometry_of(spec_, kv_dtype_); }

Result<std::unique_ptr<Program>> LoadedModel::compile(const BatchShape& largest) const {
  return backend_->compile(plan_, weights_, largest);
}

}  // namespace trivium
