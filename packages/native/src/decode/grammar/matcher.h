// One text on its way through a grammar, a token at a time: what may follow, whether it may end, how few tokens still
// complete it. Copying forks it; the last token can be taken back. Holds rows, not text.
// Refuses to know logits, requests and how a token is chosen.
#pragma once
#include <optional>

#include "decode/grammar/compiled_grammar.h"

namespace trivium::grammar {

class Matcher {
 public:
  explicit Matcher(std::shared_ptr<CompiledGrammar> compiled);

  // Tokens that may follow, special ones that the grammar names among them; the end of the text is may_end()'s business.
  // An error when the grammar is too ambiguous to follow here; then the matcher has failed: every mask is that error.
  Result<SharedMask> mask();
  bool failed() const { return !now_.rows; }
  bool may_end();
  bool must_end();                          // nothing but the end may follow
  bool accept(TokenId id);                  // false: it may not follow, and nothing has changed
  void take_back();                         // the token that was just accepted
  // Tokens that complete the text, the fewest for its shortest completion in bytes; nothing when there are none.
  std::optional<std::vector<TokenId>> completion();
  std::uint32_t completion_bytes();         // no fewer than the tokens of completion()
  const CompiledGrammar& compiled() const { return *compiled_; }

 private:
  struct Place {
    std::shared_ptr<CompiledGrammar::Rows> rows;  // null once it has failed
    RowId row = 0;
    bool is_first = true;  // no token has been accepted
  };
  Result<SharedMask> make_mask();
  bool begin_step();  // false: it has failed
  bool fail();        // false

  std::shared_ptr<CompiledGrammar> compiled_;
  Place now_;
  std::optional<Place> before_;  // the last token, until it is taken back
};

}  // namespace trivium::grammar
