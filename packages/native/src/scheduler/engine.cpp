// Engine::instance(): a model file becomes a model under the one engine thread's care.
#include "scheduler/engine.h"

#include "models/load_types.h"
#include "scheduler/engine_core.h"

namespace trivium {
namespace {

class LoadedStepModel final : public StepModel {
 public:
  LoadedStepModel(std::shared_ptr<LoadedModel> model, std::string path) : model_(std::move(model)), path_(std::move(path)) {}
  const ModelSpec& spec() const override { return model_->spec(); }
  Backend& backend() const override { return model_->backend(); }
  PageGeometry page_geometry() const override { return model_->page_geometry(); }
  std::size_t weight_bytes() const override { return model_->weight_bytes(); }
  bool is_mapped() const override { return model_->is_mapped(); }
  Result<std::unique_ptr<Program>> compile(const BatchShape& largest) const override {
    auto program = model_->compile(largest);
    if (!program.ok() && program.error().code == ErrorCode::out_of_memory) {
      program.error().file = path_;
      program.error().field = "prefillChunk";
      program.error().remedy = "Lower prefillChunk and maxSequences, or take a smaller model.";
    }
    return program;
  }

 private:
  std::shared_ptr<LoadedModel> model_;
  std::string path_;  // of its file
};

class ProcessEngine final : public Engine {
 public:
  Result<std::shared_ptr<EngineModel>> load(std::shared_ptr<const ModelFile> file, const ModelOptions& options,
                                            const std::function<Status(double share)>& progress) override {
    TRIVIUM_TRY_ASSIGN(auto backend, make_backend(options.backend));
    TRIVIUM_TRY_ASSIGN(auto tokenizer, Tokenizer::of(*file));
    Precision precision;
    if (!options.quantize.empty()) {
      TRIVIUM_TRY_ASSIGN(precision.weights, load_type_named(options.quantize));
    }
    if (!options.kv_type.empty()) {
      TRIVIUM_TRY_ASSIGN(precision.keys_and_values, kv_type_named(options.kv_type));
    }
    if (options.activation_bits != 0) {
      TRIVIUM_TRY_ASSIGN(precision.activation_bits, checked_activation_bits(options.activation_bits));
    }
    TRIVIUM_TRY_ASSIGN(auto model, LoadedModel::load(file, std::move(backend), precision, options.pack_cache, progress));
    TRIVIUM_TRY_ASSIGN(auto added, core_->add(std::make_shared<LoadedStepModel>(model, file->path()), std::move(tokenizer), options));
    if (model->pack_target()) PackWriter::instance().write(model);
    return added;
  }
  EngineStats stats() const override { return core_->stats(); }
  void shutdown() override {
    PackWriter::instance().stop();
    core_->shutdown();
  }

 private:
  std::shared_ptr<EngineCore> core_ = EngineCore::make();
};

}  // namespace

Engine& Engine::instance() {
  static ProcessEngine* engine = new ProcessEngine();  // never destroyed: a thread may outlive static destruction
  return *engine;
}

}  // namespace trivium
