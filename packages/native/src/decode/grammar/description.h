// Grammars as they are asked for: a description in JSON, of parts within parts. Every front end is one `type`:
//   { "type": "json-schema", "schema": … }       a JSON text; "name" goes into errors
//   { "type": "regex", "pattern": … }            a text that the pattern matches as a whole
//   { "type": "context-free", "grammar": … }     see context_free_syntax.h
//   { "type": "choice", "choices": [texts] }
//   { "type": "literal", "text": … }             that text
//   { "type": "special", "token": … }            that special token
//   { "type": "text" }                           any text
//   { "type": "text-until", "marker": … }        any text up to and with the first marker
//   { "type": "text-without", "marker": … }      any text that does not contain it
//   { "type": "sequence", "parts": [parts] }     one after another
//   { "type": "any-of", "parts": [parts] }       one of them
//   { "type": "repeat", "part": part, "least": n, "most": n }   "most" may be missing
// Errors name the place by a JSON pointer into the description; `cancelled` once GrammarLimits::cancelled is set.
#pragma once
#include <string_view>

#include "decode/grammar/grammar.h"

namespace trivium::grammar {

Result<Grammar> grammar_of(std::string_view description, const GrammarLimits& limits = {});

}  // namespace trivium::grammar
