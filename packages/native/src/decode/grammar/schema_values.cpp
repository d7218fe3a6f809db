// Values that schemas name: comparing and writing them.
#include <algorithm>

#include "decode/grammar/schema_shape.h"

namespace trivium::grammar {
namespace {

void write_string(std::string& out, const std::string& text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; continue;
      case '\\': out += "\\\\"; continue;
      case '\b': out += "\\b"; continue;
      case '\f': out += "\\f"; continue;
      case '\n': out += "\\n"; continue;
      case '\r': out += "\\r"; continue;
      case '\t': out += "\\t"; continue;
      default: break;
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += "0123456789abcdef"[c >> 4];
      out += "0123456789abcdef"[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

// `sorted`: members by their names, and one zero.
void write(std::string& out, const Json& value, bool sorted) {
  switch (value.kind()) {
    case Json::Kind::null: out += "null"; return;
    case Json::Kind::boolean: out += value.boolean() ? "true" : "false"; return;
    case Json::Kind::number: out += number_text(sorted && value.number() == 0 ? 0 : value.number()); return;
    case Json::Kind::string: write_string(out, value.string()); return;
    case Json::Kind::array:
      out += '[';
      for (const Json& item : value.items()) {
        if (&item != &value.items().front()) out += ',';
        write(out, item, sorted);
      }
      out += ']';
      return;
    case Json::Kind::object: {
      std::vector<const Json::Member*> members;
      for (const Json::Member& member : value.members()) members.push_back(&member);
      if (sorted)
        std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
      out += '{';
      for (const Json::Member* const member : members) {
        if (member != members.front()) out += ',';
        write_string(out, member->first);
        out += ':';
        write(out, member->second, sorted);
      }
      out += '}';
      return;
    }
  }
}

}  // namespace

void ValueSet::add(const Json& value) {
  const auto [text, fresh] = texts_.insert(value_text(value));
  if (fresh) entries_.push_back({&value, &*text});
}

std::string value_text(const Json& value) {
  std::string out;
  write(out, value, true);
  return out;
}

std::string json_text(const Json& value) {
  std::string out;
  write(out, value, false);
  return out;
}

std::string json_string(const std::string& text) {
  std::string out;
  write_string(out, text);
  return out;
}

}  // namespace trivium::grammar
