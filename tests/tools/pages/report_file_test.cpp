#include "tools/pages/report_file.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/program.h"

namespace trommel::tools {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ReportFiles : public testing::Test {
   protected:
    void SetUp() override { std::filesystem::remove(path_); }
    bool exists(const std::string& path) const { return std::filesystem::exists(path); }

    const std::string path_ = scratch("report.html");
};

TEST_F(ReportFiles, IsWholeOrNotThere) {
    {
        ReportFile file;
        ASSERT_TRUE(file.open(path_, ReportFile::Needs::nothing).ok());
        EXPECT_FALSE(exists(path_));
        ASSERT_TRUE(file.finish({}).ok());
    }
    EXPECT_THAT(read_file(path_), StartsWith("<!doctype html>"));
    EXPECT_THAT(read_file(path_), EndsWith("</html>\n"));
    EXPECT_FALSE(exists(path_ + ".partial"));
}

TEST_F(ReportFiles, OfWorkThatFailedNothingIsLeftAndTheOldFileStays) {
    write_file(path_, "old");
    {
        ReportFile file;
        ASSERT_TRUE(file.open(path_, ReportFile::Needs::nothing).ok());
    }
    EXPECT_EQ(read_file(path_), "old");
    EXPECT_FALSE(exists(path_ + ".partial"));
}

TEST_F(ReportFiles, CurvesAreRefusedWithoutALibrary) {
    ReportFile file((ChartLibrary()));
    const Status status = file.open(path_, ReportFile::Needs::curves);
    EXPECT_EQ(status.code, Code::invalid_config);
    EXPECT_THAT(status.message, HasSubstr("--report: this program was built without uPlot"));
    EXPECT_THAT(status.message, HasSubstr("tools/setup"));
    EXPECT_FALSE(exists(path_ + ".partial"));
}

TEST_F(ReportFiles, WhatNeedsNoCurvesNeedsNoLibrary) {
    ReportFile file((ChartLibrary()));
    EXPECT_TRUE(file.open(path_, ReportFile::Needs::nothing).ok());
    EXPECT_TRUE(file.finish({}).ok());
    EXPECT_TRUE(exists(path_));
}

TEST_F(ReportFiles, APlaceThatCannotBeWrittenIsNamedBeforeTheWork) {
    ReportFile file;
    const Status status = file.open(path_ + "/no/such.html", ReportFile::Needs::nothing);
    EXPECT_EQ(status.code, Code::io);
    EXPECT_THAT(status.message, HasSubstr("no/such.html.partial: "));
    EXPECT_EQ(ReportFile().open("/dev/null", ReportFile::Needs::nothing).code, Code::io);
    EXPECT_EQ(ReportFile().open("/", ReportFile::Needs::nothing).code, Code::io);
}

TEST_F(ReportFiles, AFullDiskIsAnError) {
    if (!exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
    std::filesystem::create_symlink("/dev/full", path_ + ".partial");
    ReportFile file;
    ASSERT_TRUE(file.open(path_, ReportFile::Needs::nothing).ok());
    EXPECT_EQ(file.finish({}).code, Code::io);
    EXPECT_FALSE(exists(path_));
    EXPECT_FALSE(std::filesystem::is_symlink(path_ + ".partial"));
}

}  // namespace
}  // namespace trommel::tools
