// The slice: some layers of the model, evenly spaced, for files keep more bits in some layers than in others, and a part
// of the head. As many as are larger than a cache, so that decoding reads memory as the whole model would; a model that is
// smaller than that is rehearsed whole, and finds its weights where they will lie.
#include "models/rehearsal.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>

#include "models/build.h"
#include "models/load_types.h"
#include "models/model_plan.h"
#include "models/rows.h"

namespace trivium {
namespace {

constexpr double cold_bytes = 96e6;       // of layers, and of the head where the layers have fewer
constexpr double head_bytes = 32e6;       // of the head behind layers that push it out of every cache
constexpr double most_layer_bytes = 2e9;  // one layer larger than this is not rehearsed
constexpr double prefill_work = 3e9;      // multiply-adds of one timed prefill
constexpr double patience_seconds = 0.06; // of repeats of one measure
constexpr int least_repeats = 5, most_repeats = 9;
constexpr double slow_run_seconds = 0.1;  // a run that takes longer than this is repeated twice only

struct Bytes {
  double layers = 0, head = 0;
};

struct Slice {
  Plan plan;
  std::vector<std::shared_ptr<const Buffer>> weights;
  Bytes bytes;
  double multiply_adds = 0;  // a token, of layers
};

Error not_rehearsed(const ModelFile& file, std::string why, std::string found) {
  Error error;
  error.code = ErrorCode::unsupported;
  error.message = std::move(why);
  error.file = file.path();
  error.found = std::move(found);
  error.remedy = "Load the model and measure it.";
  return error;
}

Error rehearsal_cancelled() {
  Error error;
  error.code = ErrorCode::cancelled;
  error.message = "The rehearsal was cancelled.";
  return error;
}

// Plans over weights of the file's types that hold nothing.
class Rehearser {
 public:
  Rehearser(const ModelFile& file, const ArchitectureRow& row, Backend& backend, const std::atomic<bool>* cancelled)
      : file_(file), row_(row), backend_(backend), cancelled_(cancelled) {}

  bool all_f32() const { return all_f32_; }

  // The model with only these of its layers. Their weights are uploaded once, however many slices use them.
  Result<Slice> slice(const ModelSpec& whole, const std::vector<int>& layers, bool upload) {
    ModelSpec spec = whole;
    spec.layers.clear();
    for (int layer : layers) spec.layers.push_back(whole.layers[layer]);
    Slice made;
    Status fault;
    const WeightLookup lookup = [&](PlanBuilder& plan, WeightName name, int layer, Shape shape, Role role, bool required) {
      const bool of_layer = shape.rank == 2 && role == Role::matrix && name != WeightName::head;
      const int from = layer < int(layers.size()) ? layers[layer] : layer;
      const TensorEntry* entry = find_weight(file_, row_.weights(), name, from, row_.prefixes);
      if (!entry && !required) return no_tensor;
      // A missing one is found by loading; here it is as good as any other.
      const DType dtype = entry ? entry->dtype : DType::f32;
      // All tokens of the rehearsal are the first one; other tables are as high as the file's.
      if (role == Role::table) shape.dims[0] = name == WeightName::token_embedding || !entry ? 1 : entry->shape.rows();
      if (role != Role::vector && dtype != DType::f32) all_f32_ = false;
      const double bytes = double(row_bytes(dtype, shape.columns())) * double(shape.rows());
      if (of_layer) made.bytes.layers += bytes, made.multiply_adds += double(shape.elements());
      if (name == WeightName::head || role == Role::matrix_and_table) made.bytes.head += bytes;
      const int index = int(made.weights.size());
      made.weights.push_back(nullptr);
      if (upload && fault.ok()) {
        Result<std::shared_ptr<const Buffer>> buffer = blank({int(name), from}, dtype, shape, role);
        if (buffer.ok()) made.weights.back() = *buffer;
        else fault = buffer.error();
      }
      return plan.weight("blank", index, dtype, shape);
    };
    Result<Plan> plan = build(spec, lookup, default_activation_bits(whole, file_));
    if (!fault.ok()) return fault.error();
    if (!plan.ok()) return plan.error();
    made.plan = std::move(*plan);
    return made;
  }

 private:
  Result<std::shared_ptr<const Buffer>> blank(std::pair<int, int> key, DType dtype, const Shape& shape, Role role) {
    auto& held = blanks_[key];
    if (held) return held;
    if (cancelled_ && cancelled_->load()) return rehearsal_cancelled();
    const std::size_t row = row_bytes(dtype, shape.columns());
    const WeightSource source{"blank", dtype, shape, [row](std::int64_t, std::int64_t rows, std::byte* destination) -> Status {
                                std::memset(destination, 0, row * std::size_t(rows));
                                return {};
                              }};
    TRIVIUM_TRY_ASSIGN(held, backend_.upload(source, role));
    return held;
  }

  const ModelFile& file_;
  const ArchitectureRow& row_;
  Backend& backend_;
  const std::atomic<bool>* cancelled_;
  bool all_f32_ = true;
  std::map<std::pair<int, int>, std::shared_ptr<const Buffer>> blanks_;
};

std::vector<int> every(int layers) {
  std::vector<int> all(layers);
  for (int i = 0; i < layers; ++i) all[i] = i;
  return all;
}

// `count` of them, as far apart as they go.
std::vector<int> spaced(int layers, int count) {
  std::vector<int> chosen(count);
  for (int i = 0; i < count; ++i) chosen[i] = int((std::int64_t(2 * i + 1) * layers) / (2 * count));
  return chosen;
}

struct Timing {
  double seconds = 0, spread = 0;
};

// A program with the pages of `sequences` sequences, each behind `position` other tokens.
class Stage {
 public:
  static Result<Stage> make(Backend& backend, Slice& slice, const PageGeometry& geometry, int rows, int sequences, int position,
                            int vocabulary, const std::atomic<bool>* cancelled) {
    Stage stage(backend, cancelled);
    TRIVIUM_TRY_ASSIGN(stage.program_, backend.compile(slice.plan, slice.weights, {rows * sequences, sequences, sequences}));
    const int pages = (position + rows + page_tokens - 1) / page_tokens;
    stage.memory_.resize(std::size_t(pages) * sequences * geometry.page_bytes());
    for (int s = 0; s < sequences; ++s) {
      std::vector<std::int32_t>& ids = stage.pages_.emplace_back();
      for (int p = 0; p < pages; ++p) {
        ids.push_back(int(stage.addresses_.size()));
        stage.addresses_.push_back(stage.memory_.data() + stage.addresses_.size() * geometry.page_bytes());
      }
      for (int r = 0; r < rows; ++r) stage.tokens_.push_back(0), stage.positions_.push_back(position + r);
    }
    for (int s = 0; s < sequences; ++s) stage.slices_.push_back({s * rows, rows, position, stage.pages_[s]});
    for (int s = 0; s < sequences; ++s) stage.last_rows_.push_back((s + 1) * rows - 1);
    stage.output_.resize(std::size_t(sequences) * vocabulary);
    stage.vocabulary_ = vocabulary;
    stage.geometry_ = geometry;
    return stage;
  }

  // The median of repeated runs, after one that fills caches and scratch. `head`: logits of each sequence's last row.
  Result<Timing> time(bool head) {
    TRIVIUM_TRY(run(head));
    std::vector<double> seconds;
    double all = 0;
    const auto enough = [&] {
      const int runs = int(seconds.size());
      if (runs >= 2 && all > runs * slow_run_seconds) return true;
      return runs >= most_repeats || (runs >= least_repeats && all > patience_seconds);
    };
    while (!enough()) {
      const auto start = std::chrono::steady_clock::now();
      TRIVIUM_TRY(run(head));
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      all += seconds.back();
    }
    std::sort(seconds.begin(), seconds.end());
    const double median = seconds[(seconds.size() - 1) / 2];
    return Timing{median, seconds.front() > 0 ? median / seconds.front() - 1 : 0};
  }

 private:
  Stage(Backend& backend, const std::atomic<bool>* cancelled) : backend_(backend), cancelled_(cancelled) {}

  Status run(bool head) {
    Bindings bindings;
    bindings.tokens = tokens_;
    bindings.positions = positions_;
    bindings.sequences = slices_;
    bindings.kv = {geometry_, addresses_};
    bindings.cancelled = cancelled_;
    std::span<float> output;
    if (head) {
      bindings.output_rows = last_rows_;
      output = output_;
    }
    bindings.outputs = {output};
    return backend_.run(*program_, bindings);
  }

  Backend& backend_;
  const std::atomic<bool>* cancelled_;
  std::unique_ptr<Program> program_;
  std::vector<std::byte> memory_;
  std::vector<std::vector<std::int32_t>> pages_;
  std::vector<std::byte*> addresses_;
  std::vector<std::int32_t> tokens_, positions_, last_rows_;
  std::vector<SequenceSlice> slices_;
  std::vector<float> output_;
  PageGeometry geometry_;
  int vocabulary_ = 0;
};

PageGeometry geometry_of(const ModelSpec& spec, int layers, DType dtype) {
  PageGeometry geometry = page_geometry_of(spec, dtype);
  geometry.layers = layers;
  return geometry;
}

}  // namespace

Result<Rehearsal> rehearse(const ModelFile& file, Backend& backend, const std::atomic<bool>* cancelled) {
  TRIVIUM_TRY_ASSIGN(const ArchitectureRow* row, row_of(file));
  TRIVIUM_TRY_ASSIGN(ModelSpec spec, row->spec(file));
  if (spec.kind != ModelKind::causal || spec.layers.empty())
    return not_rehearsed(file, "Only models that write text are rehearsed.", spec.architecture);
  Rehearser rehearser(file, *row, backend, cancelled);
  const int layers = int(spec.layers.size());
  TRIVIUM_TRY_ASSIGN(const Slice whole, rehearser.slice(spec, every(layers), false));
  const double layer_bytes = whole.bytes.layers / layers;
  if (layer_bytes > most_layer_bytes)
    return not_rehearsed(file, "A layer of this model is too large to rehearse.",
                         std::to_string(std::int64_t(layer_bytes)) + " bytes");
  const DType kv_dtype = rehearser.all_f32() ? DType::f32 : DType::f16;

  // Rows of the head are alike: a part of them stands for all.
  const int full_vocabulary = spec.vocabulary;
  const double head_room = head_bytes + std::max(0.0, cold_bytes - whole.bytes.layers);
  const double head_share = std::min(1.0, head_room / std::max(1.0, whole.bytes.head));
  spec.vocabulary = std::max(1, int(full_vocabulary * head_share));
  const double head_scale = double(full_vocabulary) / spec.vocabulary;

  const int few = std::clamp(int(cold_bytes / layer_bytes) + 1, 1, layers);
  TRIVIUM_TRY_ASSIGN(Slice decoding, rehearser.slice(spec, spaced(layers, few), true));
  TRIVIUM_TRY_ASSIGN(Slice prefilling, rehearser.slice(spec, spaced(layers, 1), true));
  const double by_bytes = whole.bytes.layers / decoding.bytes.layers;

  const double row_work = std::max(1.0, prefilling.multiply_adds);
  const int rows = std::clamp(int(prefill_work / row_work) / 16 * 16, 16, rehearsed_prompt / 2);
  // The middle of the prompt: as many keys as its tokens see on average.
  TRIVIUM_TRY_ASSIGN(Stage prompt, Stage::make(backend, prefilling, geometry_of(spec, 1, kv_dtype), rows, 1,
                                               (rehearsed_prompt - rows) / 2, spec.vocabulary, cancelled));
  const PageGeometry geometry = geometry_of(spec, few, kv_dtype);
  const auto decoder = [&](int sequences) {
    return Stage::make(backend, decoding, geometry, 1, sequences, rehearsed_prompt, spec.vocabulary, cancelled);
  };
  TRIVIUM_TRY_ASSIGN(Stage one, decoder(1));
  TRIVIUM_TRY_ASSIGN(Stage two, decoder(2));
  TRIVIUM_TRY_ASSIGN(const Timing prefill, prompt.time(false));
  TRIVIUM_TRY_ASSIGN(const Timing body, one.time(false));
  TRIVIUM_TRY_ASSIGN(const Timing with_head, one.time(true));
  TRIVIUM_TRY_ASSIGN(const Timing pair, two.time(true));

  Rehearsal rehearsal;
  const double head_seconds = std::max(0.0, with_head.seconds - body.seconds) * head_scale;
  rehearsal.prefill_seconds = prefill.seconds / rows * layers + head_seconds / rehearsed_prompt;
  rehearsal.decode_seconds = body.seconds * by_bytes + head_seconds;
  rehearsal.pair_seconds = rehearsal.decode_seconds * pair.seconds / with_head.seconds;
  rehearsal.weight_bytes = whole.bytes.layers + whole.bytes.head;
  rehearsal.multiply_adds = whole.multiply_adds;
  rehearsal.spread = std::max({prefill.spread, body.spread, with_head.spread});
  return rehearsal;
}

}  // namespace trivium
