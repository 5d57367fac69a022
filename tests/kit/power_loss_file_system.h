#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "trommel/file_system.h"

#include "tests/kit/random.h"

namespace trommel::testkit {

// Files in memory on a machine that may lose power. What a file holds now and what it will hold
// after a crash are two things: sync() makes contents durable; only sync_directory_of() makes names
// durable (of new, renamed and removed files alike). Directories need not be made. Thread-safe.
//
// "-" is an ordinary file for what is written, and for reading whatever put() or feed() gave it.
class PowerLossFileSystem : public FileSystem {
   public:
    Status open_read(const std::string& path, std::unique_ptr<File>& file) override;
    Status open_write(const std::string& path, std::unique_ptr<File>& file) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Status sync_directory_of(const std::string& path) override;
    std::vector<std::string> glob(const std::string& pattern) override;

    // What the test sees and does; none of it counts as an operation.
    void put(const std::string& path,
             const std::string& content);  // A file that is durable already.
    std::optional<std::string> content(const std::string& path) const;
    std::vector<std::string> paths() const;
    // A FIFO: readers get what was fed, then `nothing_yet` until end_feed().
    void feed(const std::string& path, const std::string& bytes);
    void end_feed(const std::string& path);

    // Power is lost and comes back: open files are dead, nothing that is not durable is left.
    void crash();
    // The same, but any part of what was on its way may have arrived: each name that was changed
    // may be old or new, and each content may be the durable one, a prefix of the new one, or a
    // prefix with zeros where the rest should be.
    void crash_torn(uint64_t seed);

    // Operations that change something are counted from 1: open_write, write, sync, rename, remove
    // and sync_directory_of. This one fails (once), a write after half of its bytes.
    enum class Failure : uint8_t { io, no_space };
    void fail_operation(uint64_t number, Failure failure = Failure::io);
    uint64_t operations() const;

   private:
    friend class PowerLossFile;
    struct Content {
        std::string live;
        std::string durable;
        bool fifo = false;
        bool fifo_ended = false;
        bool sync_failed = false;
    };
    using Names = std::map<std::string, std::shared_ptr<Content>>;

    Status count_operation(const std::string& what);
    void restart();

    mutable std::mutex mutex_;
    Names live_;
    Names durable_;
    uint64_t life_ = 1;  // Counts restarts: files opened in an earlier life are dead.
    uint64_t operations_ = 0;
    uint64_t fail_at_ = 0;
    Failure failure_ = Failure::io;
};

}  // namespace trommel::testkit
