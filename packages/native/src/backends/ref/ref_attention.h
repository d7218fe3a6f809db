#pragma once
#include "backends/ref/ref_ops.h"

namespace trivium::ref {

void paged_attention(const PagedAttention& op, Matrix q, Matrix k, Matrix v, Matrix out,
                     const Bindings& bindings);
void ragged_attention(const RaggedAttention& op, Matrix q, Matrix k, Matrix v, Matrix out,
                      const Bindings& bindings);

}  // namespace trivium::ref
