#include "tools/whole_file.h"

#include <memory>

#include "trommel/file_system.h"

namespace trommel::tools {

Status write_whole(const std::string& path, const std::string& text) {
    FileSystem& files = real_file_system();
    std::unique_ptr<File> file;
    const std::string partial = path + ".partial";
    if (Status status = files.open_write(partial, file); !status.ok()) return status;
    if (Status status = file->write(text.data(), text.size()); !status.ok()) return status;
    if (Status status = file->sync(); !status.ok()) return status;
    file.reset();
    if (Status status = files.rename(partial, path); !status.ok()) return status;
    return files.sync_directory_of(path);
}

}  // namespace trommel::tools
