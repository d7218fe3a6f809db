// Rehearsals of the fixtures: figures that fit the files, whatever the machine; refusals that say why.
#include "models/rehearsal.h"

#include "check.h"

using namespace trivium;

namespace {

Result<Rehearsal> rehearsed(const char* name, const char* backend = "cpu") {
  const auto file = ModelFile::open(std::string(TRIVIUM_FIXTURES "/parity/") + name);
  CHECK(file.ok());
  const auto made = make_backend(backend);
  CHECK(made.ok());
  return rehearse(**file, **made);
}

}  // namespace

TEST("a model is rehearsed whole where it is small: the bytes are those that a token reads") {
  const auto file = ModelFile::open(TRIVIUM_FIXTURES "/parity/llama-grouped-tied.gguf");
  REQUIRE(file.ok());
  double matrices = 0;
  for (const TensorEntry& tensor : (*file)->tensors())
    if (tensor.shape.rank == 2) matrices += double(tensor.bytes);
  const auto rehearsal = rehearsed("llama-grouped-tied.gguf");
  REQUIRE(rehearsal.ok());
  CHECK_EQ(rehearsal->weight_bytes, matrices);  // tied: the table is the head
  for (double seconds : {rehearsal->prefill_seconds, rehearsal->decode_seconds, rehearsal->pair_seconds})
    CHECK(seconds > 0 && seconds < 10);
  CHECK(rehearsal->spread >= 0);
}

TEST("every container, architecture and type of the fixtures that writes text is rehearsed") {
  for (const char* name : {"llama-bias-linear", "llama-k-quants.gguf", "llama-odd-heads", "llama-yarn.gguf", "mistral-window",
                           "qwen2-grouped-tied.gguf", "qwen3-decoupled", "qwen3-yarn.gguf"}) {
    const auto rehearsal = rehearsed(name);
    if (!rehearsal.ok()) check::fail(name, 0, rehearsal.error().message);
    CHECK(rehearsal.ok());
  }
  CHECK(rehearsed("llama-odd-heads", "ref").ok());
}

TEST("a rehearsal that is told to ends as cancelled") {
  const auto file = ModelFile::open(TRIVIUM_FIXTURES "/parity/llama-grouped-tied.gguf");
  REQUIRE(file.ok());
  const auto backend = make_backend("cpu");
  REQUIRE(backend.ok());
  const std::atomic<bool> cancelled{true};
  const auto rehearsal = rehearse(**file, **backend, &cancelled);
  REQUIRE(!rehearsal.ok());
  CHECK(rehearsal.error().code == ErrorCode::cancelled);
}

TEST("an embedder is refused: it writes nothing") {
  const auto rehearsal = rehearsed("bert-mean.gguf");
  REQUIRE(!rehearsal.ok());
  CHECK(rehearsal.error().code == ErrorCode::unsupported);
  CHECK_EQ(rehearsal.error().found, "bert");
}
