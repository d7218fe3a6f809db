// What the scheduler needs of a model: LoadedModel behind a face small enough for tests to stand in for it.
#pragma once
#include <memory>

#include "models/spec.h"

namespace trivium {

class StepModel {
 public:
  virtual ~StepModel() = default;
  virtual const ModelSpec& spec() const = 0;
  virtual Backend& backend() const = 0;
  virtual PageGeometry page_geometry() const = 0;
  virtual std::size_t weight_bytes() const = 0;
  virtual bool is_mapped() const { return false; }  // LoadedModel::is_mapped
  virtual Result<std::unique_ptr<Program>> compile(const BatchShape& largest) const = 0;
};

}  // namespace trivium
