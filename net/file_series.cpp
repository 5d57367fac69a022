#include "net/file_series.h"

#include <utility>

namespace trommel::net {
namespace {

std::string name_of(const std::string& first, size_t paths) {
    return paths == 1 ? first : first + " and " + std::to_string(paths - 1) + " more";
}

}  // namespace

FileSeries::FileSeries(std::vector<std::string> paths, FileSystem& files)
    : paths_(std::move(paths)),
      files_(files),
      name_(name_of(display(paths_[0]), paths_.size())),
      opened_(paths_.size()) {}

Status FileSeries::open() {
    for (size_t i = 0; i < paths_.size(); ++i) {
        if (Status status = files_.open_read(paths_[i], opened_[i]); !status.ok()) return status;
        const uint64_t size = opened_[i]->size();
        bytes_total_ += size;
        has_pipe_ |= size == 0;
        if (size != 0 && i > 0) opened_[i].reset();
    }
    return {};
}

Status FileSeries::begin(std::unique_ptr<ByteStream>& stream) {
    std::unique_ptr<File>& file = opened_[at_];
    if (file == nullptr) {
        if (Status status = files_.open_read(paths_[at_], file); !status.ok()) return status;
    }
    return make_byte_stream(paths_[at_], std::move(file), stream);
}

bool FileSeries::next() {
    if (at_ + 1 == paths_.size()) return false;
    ++at_;
    return true;
}

}  // namespace trommel::net
