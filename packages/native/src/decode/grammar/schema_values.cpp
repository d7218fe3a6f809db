// Values that schemas name: comparing and writing them. And the formats, as patterns: each says a part of what the format
// allows that every validator agrees on.
#include <algorithm>

#include "decode/grammar/schema_shape.h"

namespace trivium::grammar {
namespace {

#define DATE                                                                                                         \
  "(?:(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8])))" \
  "|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
#define TIME "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)"
#define LABEL(inner) "[A-Za-z0-9](?:[A-Za-z0-9-]{0," inner "}[A-Za-z0-9])?"
#define OCTET "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"

#define HOST "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
#define SEGMENT_BEGIN "[A-Za-z0-9._~!$&'()*+,;=@-]"
#define PATH_CHARACTER "[A-Za-z0-9._~!$&'()*+,;=:@-]"
#define URI_TAIL "(?:\\?[A-Za-z0-9._~!$&'()*+,;=:@/?-]*)?(?:#[A-Za-z0-9._~!$&'()*+,;=:@/?-]*)?"
#define URI "(?:https?|ftp)://" HOST "(?::[1-9]\\d{0,3})?(?:/" PATH_CHARACTER "*)*" URI_TAIL
#define POINTER "(?:/(?:[^~/]|~[01])*)*"
#define BASE64URL "(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?"
#define BASE64URL_OBJECT "eyJ(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-](?:[A-Za-z0-9_-]{2})?)?"  // begins with {"

constexpr std::pair<std::string_view, const char*> formats[] = {
    {"date", DATE},
    {"time", TIME},
    {"date-time", DATE "T" TIME},
    {"uuid", "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"},
    {"email", "[A-Za-z0-9_+-]+(?:\\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,24}"},
    {"hostname", "(?:(?:" LABEL("59") "\\.){0,3}" LABEL("59") "|(?:" LABEL("28") "\\.){4,7}" LABEL("28") ")"},  // at most 253 characters
    {"ipv4", OCTET "(?:\\." OCTET "){3}"},
    {"ipv6", "(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}"},
    {"uri", URI},
    {"uri-reference", "(?:" URI "|(?:/|/?" SEGMENT_BEGIN "+(?:/" PATH_CHARACTER "*)*)" URI_TAIL ")"},
    {"uri-template", "(?:[A-Za-z0-9._~!$&()*+,;=:@/?#-]|\\{[+#./;?&]?[A-Za-z_]\\w*(?:,[A-Za-z_]\\w*)*\\})+"},
    {"json-pointer", POINTER},
    {"relative-json-pointer", "(?:0|[1-9]\\d{0,3})(?:#|" POINTER ")"},
    {"jwt", BASE64URL_OBJECT "\\." BASE64URL_OBJECT "\\." BASE64URL},
    {"duration", "P(?:\\d{1,4}W|(?:\\d{1,4}D|\\d{1,4}M(?:\\d{1,4}D)?|\\d{1,4}Y(?:\\d{1,4}M(?:\\d{1,4}D)?)?)"
                 "(?:T(?:\\d{1,4}S|\\d{1,4}M(?:\\d{1,4}S)?|\\d{1,4}H(?:\\d{1,4}M(?:\\d{1,4}S)?)?))?"
                 "|T(?:\\d{1,4}S|\\d{1,4}M(?:\\d{1,4}S)?|\\d{1,4}H(?:\\d{1,4}M(?:\\d{1,4}S)?)?))"},
};

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

const char* format_pattern(std::string_view format) {
  for (const auto& [name, pattern] : formats)
    if (name == format) return pattern;
  return nullptr;
}

}  // namespace trivium::grammar
