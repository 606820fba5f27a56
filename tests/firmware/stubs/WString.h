#pragma once
#include <cstddef>
class String {
 public:
  String(const char* cstr = "");
  String(const String& str);
  ~String();
  unsigned int length(void) const;
  const char* c_str() const;
};
extern const String emptyString;
