#include "net/byte_stream.h"

#include <utility>

#include "net/gzip_stream.h"
#include "net/zstd_stream.h"

namespace trommel::net {
namespace {

class PlainStream final : public ByteStream {
   public:
    explicit PlainStream(std::unique_ptr<File> file) : file_(std::move(file)) {}
    File::ReadResult read(char* out, size_t size) override {
        File::ReadResult result = file_->read(out, size);
        bytes_read_ += result.bytes;
        return result;
    }
    uint64_t bytes_read() const override { return bytes_read_; }

   private:
    std::unique_ptr<File> file_;
    uint64_t bytes_read_ = 0;
};

}  // namespace

bool built_with_gzip() {
    return TROMMEL_NET_GZIP;
}
bool built_with_zstd() {
    return TROMMEL_NET_ZSTD;
}

Status make_byte_stream(const std::string& path, std::unique_ptr<File> file,
                        std::unique_ptr<ByteStream>& stream) {
    stream = nullptr;
    const bool gzip = path.ends_with(".gz");
    const bool zstd = path.ends_with(".zst");
#if TROMMEL_NET_GZIP
    if (gzip) stream = make_gzip_stream(path, std::move(file));
#endif
#if TROMMEL_NET_ZSTD
    if (zstd) stream = make_zstd_stream(path, std::move(file));
#endif
    if (!gzip && !zstd) stream = std::make_unique<PlainStream>(std::move(file));
    if (stream != nullptr) return {};
    return Status::error(Code::no_input, "cannot open " + path + ": this build has no " +
                                             (gzip ? "zlib" : "libzstd"));
}

}  // namespace trommel::net
