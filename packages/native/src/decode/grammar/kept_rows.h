// What the grammars of one vocabulary keep of their rows and masks for the next request, together: beyond a bound the one used
// longest ago leaves its own, and makes new ones when it is asked again. A text under way goes on with those it has.
// Refuses to know what rows are.
#pragma once
#include <cstddef>
#include <list>
#include <mutex>

namespace trivium::grammar {

class CompiledGrammar;

class KeptRows {
 public:
  explicit KeptRows(std::size_t most_bytes = std::size_t(256) << 20) : most_bytes_(most_bytes) {}
  // Each is called without the grammar's own lock: it is taken where a grammar leaves its rows.
  void used(CompiledGrammar& grammar, std::size_t bytes);  // that it keeps by now
  void gone(const CompiledGrammar& grammar);
  void leave_all();
  std::size_t bytes() const;

 private:
  struct Use { CompiledGrammar* grammar; std::size_t bytes; };
  void leave_beyond(std::size_t most_bytes);

  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  std::list<Use> uses_;  // latest first
  std::size_t bytes_ = 0;
};

}  // namespace trivium::grammar
