// Settings: what the camera takes and refuses, held against the vectors by which the archive judges its owner's words.
#include "core/Settings.h"

#include <gtest/gtest.h>

#include <string>

#include "Json.h"

namespace camera::testing {
namespace {

const Json& vectors() {
  static const Json json = Json::read_file(VECTORS "/settings.json");
  return json["settings"];
}

TEST(SettingsVectors, AreTakenAndRefusedAsTheArchiveSays) {
  int taken = 0;
  int refused = 0;
  for (const Json& vector : vectors().items) {
    Settings settings;
    const std::string_view fault = settings.read(Fields(vector["text"].text));
    EXPECT_EQ(fault.empty(), !vector.has("fault")) << vector["text"].text << ": " << fault;
    ++(fault.empty() ? taken : refused);
  }
  EXPECT_GT(taken, 60);
  EXPECT_GT(refused, 120);
}

TEST(SettingsVectors, AreReadAsTheArchiveMeansThem) {
  for (const Json& vector : vectors().items) {
    if (!vector.has("values")) continue;
    Settings settings;
    ASSERT_EQ(settings.read(Fields(vector["text"].text)), "");
    FixedText<1024> text;
    ASSERT_TRUE(settings.write(text));
    const Fields written(text.view());
    for (const auto& [key, value] : vector["values"].members) {
      FixedText<Windows::kMaxText> word;
      if (value.kind == Json::Kind::Number) {
        EXPECT_EQ(written.integer(key), value.number()) << key;
      }
      if (value.kind == Json::Kind::Boolean) {
        EXPECT_EQ(written.boolean(key), value.boolean) << key;
      }
      if (value.kind == Json::Kind::String) {
        EXPECT_TRUE(written.string(key, word)) << key;
        EXPECT_EQ(word.view(), value.text) << key;
      }
    }
  }
}

}  // namespace
}  // namespace camera::testing
