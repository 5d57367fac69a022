#include "tools/pages/report_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace trommel::tools {

ReportFile::ReportFile(const ChartLibrary& library) : library_(library) {}

ReportFile::~ReportFile() {
    if (file_.is_open()) std::remove(partial_path_.c_str());
}

Status ReportFile::open(const std::string& path, Needs needs) {
    if (needs == Needs::curves && !library_.is_there()) {
        return Status::error(Code::invalid_config,
                             "--report: this program was built without uPlot, which draws the "
                             "curves; run tools/setup where npm is, and build again");
    }
    std::error_code none;
    const auto kind = std::filesystem::status(path, none).type();
    if (kind != std::filesystem::file_type::not_found &&
        kind != std::filesystem::file_type::regular) {
        return Status::error(Code::io, "--report: " + path + " is there and no file");
    }
    path_ = path;
    partial_path_ = path + ".partial";
    file_.open(partial_path_);
    if (file_.is_open()) return {};
    return Status::error(Code::io, "--report: " + partial_path_ + ": " + std::strerror(errno));
}

Status ReportFile::finish(const Page& page) {
    file_ << to_html(page, library_);
    file_.close();
    if (!file_.fail() && std::rename(partial_path_.c_str(), path_.c_str()) == 0) return {};
    const std::string why = std::strerror(errno);
    std::remove(partial_path_.c_str());
    return Status::error(Code::io, "--report: " + path_ + ": " + why);
}

}  // namespace trommel::tools
