// Context-free grammars as text, in the notation of GBNF (the one llama.cpp documents):
//   root   ::= "a" | list            rules; the text is what `root` derives
//   list   ::= "[" item ("," item)* "]"      groups, and ? * + {n} {n,} {n,m} behind what they repeat
//   item   ::= [a-z0-9_] | [^"\\] | .        characters: classes, their complement, any
//   # a comment                              literals and classes know \n \r \t \\ \" \[ \] \xHH \uHHHH \UHHHHHHHH
// A rule goes on over line breaks inside parentheses and behind `|` or `::=`. Refuses to know JSON.
#pragma once
#include "decode/grammar/grammar_builder.h"

namespace trivium::grammar {

Result<RuleId> context_free_rule(GrammarBuilder& builder, std::string_view text, const std::string& field);

}  // namespace trivium::grammar
