// Files by POSIX calls, on a real file system.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "port/PosixFiles.h"

namespace camera {
namespace {

class PosixFilesTest : public ::testing::Test, public FolderVisitor {
 protected:
  void SetUp() override {
    char name[] = "/tmp/posix-files-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
  }
  void TearDown() override { EXPECT_EQ(std::system(("rm -r " + folder).c_str()), 0); }
  void see(const char* name, bool is_folder, std::uint64_t size_bytes) override {
    seen[name] = is_folder ? -1 : static_cast<int>(size_bytes);
  }

  FileResult put(const std::string& name, std::size_t size) {
    const std::vector<std::uint8_t> bytes(size, 7);
    if (const auto result = files.create((folder + name).c_str()); result != FileResult::Done) return result;
    const FileResult written = files.write(bytes.data(), bytes.size()), synced = files.sync(), closed = files.close();
    return written != FileResult::Done ? written : synced != FileResult::Done ? synced : closed;
  }

  std::string folder;
  std::map<std::string, int> seen;
  PosixFiles files;
};

// What is written, renamed and removed is what is listed and read.
TEST_F(PosixFilesTest, DoWhatTheyPromise) {
  EXPECT_EQ(files.make_folder((folder + "/in").c_str()), FileResult::Done);
  EXPECT_EQ(files.make_folder((folder + "/in").c_str()), FileResult::Done) << "one that is there is fine";
  ASSERT_EQ(put("/in/a.part", 70'000), FileResult::Done);
  ASSERT_EQ(put("/in/b", 0), FileResult::Done);
  EXPECT_EQ(files.rename((folder + "/in/a.part").c_str(), (folder + "/in/a").c_str()), FileResult::Done);
  ASSERT_EQ(files.list((folder + "/in").c_str(), *this), FileResult::Done);
  EXPECT_EQ(seen, (std::map<std::string, int>{{"a", 70'000}, {"b", 0}}));

  std::vector<std::uint8_t> room(70'000);
  std::size_t size = 0;
  EXPECT_EQ(files.read((folder + "/in/a").c_str(), room.data(), room.size(), &size), FileResult::Done);
  EXPECT_EQ(size, 70'000u);
  EXPECT_EQ(room, std::vector<std::uint8_t>(70'000, 7));
  EXPECT_EQ(files.read((folder + "/in/a").c_str(), room.data(), 69'999, &size), FileResult::Full);
  EXPECT_EQ(files.read((folder + "/in/none").c_str(), room.data(), room.size(), &size), FileResult::Missing);

  EXPECT_EQ(files.remove_folder((folder + "/in").c_str()), FileResult::Failed) << "it is not empty";
  EXPECT_EQ(files.remove((folder + "/in/a").c_str()), FileResult::Done);
  EXPECT_EQ(files.remove((folder + "/in/a").c_str()), FileResult::Done) << "one that is not there is fine";
  EXPECT_EQ(files.remove((folder + "/in/b").c_str()), FileResult::Done);
  EXPECT_EQ(files.remove_folder((folder + "/in").c_str()), FileResult::Done);
}

// A disk without room is told from one that does not work.
TEST_F(PosixFilesTest, TellFullFromBroken) {
  struct stat facts;
  if (stat("/dev/full", &facts) != 0) GTEST_SKIP() << "there is no /dev/full here";
  ASSERT_EQ(files.create("/dev/full"), FileResult::Done);
  const std::uint8_t byte = 1;
  EXPECT_EQ(files.write(&byte, 1), FileResult::Full);
  files.close();

  EXPECT_EQ(files.create((folder + "/no/such/folder").c_str()), FileResult::Missing);
  EXPECT_EQ(put("", 1), FileResult::Failed) << "a folder is no file";
}

}  // namespace
}  // namespace camera
