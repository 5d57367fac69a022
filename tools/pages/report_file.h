#pragma once
#include <fstream>
#include <string>

#include "trommel/status.h"

#include "tools/pages/html_report.h"

namespace trommel::tools {

// The file of --report: whole or not there. Opened before the work, so that nobody waits for
// minutes to be told that it cannot be written.
class ReportFile {
   public:
    enum class Needs : uint8_t { nothing, curves };

    explicit ReportFile(const ChartLibrary& library = built_in_chart_library());
    ~ReportFile();  // Of a file that was not finished nothing is left.
    ReportFile(const ReportFile&) = delete;
    ReportFile& operator=(const ReportFile&) = delete;

    // invalid_config: the page will have curves and there is nothing to draw them with.
    Status open(const std::string& path, Needs needs);
    // Writes the page and gives the file its name. After open(), once.
    Status finish(const Page& page);

   private:
    const ChartLibrary library_;
    std::string path_, partial_path_;
    std::ofstream file_;
};

}  // namespace trommel::tools
