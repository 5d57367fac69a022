#pragma once
#include <filesystem>
#include <stdlib.h>
#include <string>
#include <system_error>

namespace trommel::testkit {

// A new empty directory that goes, with all that is in it, when the test ends.
class TemporaryDirectory {
   public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "trommel-XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::string& path() const { return path_; }  // Empty if it could not be made.
    std::string file(const std::string& name) const { return path_ + "/" + name; }

   private:
    std::string path_;
};

}  // namespace trommel::testkit
