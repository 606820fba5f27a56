// Notes as files in a folder, replaced at one stroke.
#pragma once

#include <string>

#include "../src/core/Notes.h"

namespace camera {

class TwinNotes final : public Notes {
 public:
  /// Makes the folder.
  explicit TwinNotes(const std::string& folder);

  bool read(std::string_view name, Text& out) override;
  bool write(std::string_view name, std::string_view text) override;

 private:
  std::string folder_;
};

}  // namespace camera
