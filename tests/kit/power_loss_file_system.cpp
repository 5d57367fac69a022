#include "tests/kit/power_loss_file_system.h"

#include <algorithm>
#include <fnmatch.h>
#include <set>
#include <utility>

namespace trommel::testkit {
namespace {

std::string directory_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

Status dead_file() {
    return Status::error(Code::io, "the machine lost power since this open");
}

std::string torn(Random& random, const std::string& durable, const std::string& live) {
    if (random.one_in(3)) return durable;
    std::string content = live.substr(0, random.below(live.size() + 1));
    if (random.one_in(3)) content.resize(live.size(), '\0');
    return content;
}

}  // namespace

// One open file; every access takes the file system's mutex.
class PowerLossFile : public File {
   public:
    PowerLossFile(PowerLossFileSystem& system, std::string path,
                  std::shared_ptr<PowerLossFileSystem::Content> content)
        : system_(system), path_(std::move(path)), content_(std::move(content)) {
        life_ = system_.life_;
    }

    ReadResult read(char* out, size_t size) override {
        const std::lock_guard lock(system_.mutex_);
        if (life_ != system_.life_) return {Read::failed, 0, dead_file()};
        const size_t bytes = std::min(size, content_->live.size() - position_);
        content_->live.copy(out, bytes, position_);
        position_ += bytes;
        if (bytes > 0) return {Read::bytes, bytes, {}};
        if (content_->fifo && !content_->fifo_ended) return {Read::nothing_yet, 0, {}};
        return {Read::end, 0, {}};
    }

    Status write(const char* data, size_t size) override {
        const std::lock_guard lock(system_.mutex_);
        if (life_ != system_.life_) return dead_file();
        if (Status status = system_.count_operation("write " + path_); !status.ok()) {
            content_->live.append(data, size / 2);
            return status;
        }
        content_->live.append(data, size);
        return {};
    }

    // After a failed sync the kernel forgets what it could not write: a later sync says ok and the
    // bytes are not there all the same.
    Status sync() override {
        const std::lock_guard lock(system_.mutex_);
        if (life_ != system_.life_) return dead_file();
        if (Status status = system_.count_operation("sync " + path_); !status.ok()) {
            content_->sync_failed = true;
            return status;
        }
        if (!content_->sync_failed) content_->durable = content_->live;
        return {};
    }

    uint64_t size() override {
        const std::lock_guard lock(system_.mutex_);
        return content_->fifo ? 0 : content_->live.size();
    }

   private:
    PowerLossFileSystem& system_;
    const std::string path_;
    const std::shared_ptr<PowerLossFileSystem::Content> content_;
    uint64_t life_;
    size_t position_ = 0;
};

Status PowerLossFileSystem::open_read(const std::string& path, std::unique_ptr<File>& file) {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(path);
    if (found == live_.end()) return Status::error(Code::no_input, path + ": no such file");
    file = std::make_unique<PowerLossFile>(*this, path, found->second);
    return {};
}

// A file that exists keeps its identity and its durable content, as O_TRUNC does.
Status PowerLossFileSystem::open_write(const std::string& path, std::unique_ptr<File>& file) {
    const std::lock_guard lock(mutex_);
    if (Status status = count_operation("open " + path); !status.ok()) return status;
    std::shared_ptr<Content>& content = live_[path];
    if (!content) content = std::make_shared<Content>();
    content->live.clear();
    file = std::make_unique<PowerLossFile>(*this, path, content);
    return {};
}

Status PowerLossFileSystem::rename(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    if (Status status = count_operation("rename " + from); !status.ok()) return status;
    const auto found = live_.find(from);
    if (found == live_.end()) return Status::error(Code::io, from + ": no such file");
    std::shared_ptr<Content> content = found->second;
    live_.erase(found);
    live_[to] = std::move(content);
    return {};
}

Status PowerLossFileSystem::remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (Status status = count_operation("remove " + path); !status.ok()) return status;
    if (live_.erase(path) == 0) return Status::error(Code::io, path + ": no such file");
    return {};
}

Status PowerLossFileSystem::sync_directory_of(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (Status status = count_operation("sync the directory of " + path); !status.ok()) {
        return status;
    }
    const std::string directory = directory_of(path);
    std::erase_if(durable_,
                  [&](const auto& name) { return directory_of(name.first) == directory; });
    for (const auto& [name, content] : live_) {
        if (directory_of(name) == directory) durable_[name] = content;
    }
    return {};
}

std::vector<std::string> PowerLossFileSystem::glob(const std::string& pattern) {
    std::vector<std::string> matches;
    for (const std::string& path : paths()) {
        const int no_match = fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD);
        if (no_match == 0) matches.push_back(path);
    }
    return matches;  // The map has them sorted by bytes.
}

void PowerLossFileSystem::put(const std::string& path, const std::string& content) {
    const std::lock_guard lock(mutex_);
    live_[path] = durable_[path] =
        std::make_shared<Content>(Content{content, content, false, false, false});
}

std::optional<std::string> PowerLossFileSystem::content(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(path);
    if (found == live_.end()) return std::nullopt;
    return found->second->live;
}

std::vector<std::string> PowerLossFileSystem::paths() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> paths;
    for (const auto& [path, content] : live_) paths.push_back(path);
    return paths;
}

void PowerLossFileSystem::feed(const std::string& path, const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Content>& content = live_[path];
    if (!content) content = durable_[path] = std::make_shared<Content>();
    content->fifo = true;
    content->live += bytes;
}

void PowerLossFileSystem::end_feed(const std::string& path) {
    feed(path, "");
    const std::lock_guard lock(mutex_);
    live_[path]->fifo_ended = true;
}

void PowerLossFileSystem::crash() {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, content] : durable_) content->live = content->durable;
    restart();
}

void PowerLossFileSystem::crash_torn(uint64_t seed) {
    const std::lock_guard lock(mutex_);
    Random random(seed);
    std::set<std::string> names;
    for (const auto& [path, content] : live_) names.insert(path);
    for (const auto& [path, content] : durable_) names.insert(path);
    for (const std::string& name : names) {
        const auto live = live_.find(name);
        const auto durable = durable_.find(name);
        const bool same =
            live != live_.end() && durable != durable_.end() && live->second == durable->second;
        if (same || random.one_in(2)) continue;
        if (live == live_.end()) {
            durable_.erase(durable);
        } else {
            durable_[name] = live->second;
        }
    }
    std::set<Content*> contents;  // A file may have two names now.
    for (const auto& [path, content] : durable_) {
        if (!contents.insert(content.get()).second || content->live == content->durable) continue;
        content->live = torn(random, content->durable, content->live);
    }
    restart();
}

// What is left is all there is, and it is durable.
void PowerLossFileSystem::restart() {
    for (const auto& [path, content] : durable_) {
        content->durable = content->live;
        content->sync_failed = false;
    }
    live_ = durable_;
    ++life_;
}

void PowerLossFileSystem::fail_operation(uint64_t number, Failure failure) {
    const std::lock_guard lock(mutex_);
    fail_at_ = number;
    failure_ = failure;
}

uint64_t PowerLossFileSystem::operations() const {
    const std::lock_guard lock(mutex_);
    return operations_;
}

Status PowerLossFileSystem::count_operation(const std::string& what) {
    if (++operations_ != fail_at_) return {};
    const char* const reason =
        failure_ == Failure::io ? ": input/output error" : ": no space left on device";
    return Status::error(Code::io, what + reason);
}

}  // namespace trommel::testkit
