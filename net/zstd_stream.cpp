#include "net/zstd_stream.h"

#include <zstd.h>

#include "net/stored_bytes.h"

namespace trommel::net {
namespace {

class ZstdStream final : public ByteStream {
   public:
    ZstdStream(const std::string& path, std::unique_ptr<File> file)
        : path_(path), stored_(std::move(file)), stream_(ZSTD_createDStream()) {}
    ZstdStream(const ZstdStream&) = delete;
    ZstdStream& operator=(const ZstdStream&) = delete;
    ~ZstdStream() override { ZSTD_freeDStream(stream_); }

    File::ReadResult read(char* out, size_t size) override {
        if (stream_ == nullptr) return failed_read(path_, "no memory to decompress it");
        while (true) {
            // What is already decompressed inside comes first: it needs no input.
            ZSTD_inBuffer in{stored_.data(), stored_.size(), 0};
            ZSTD_outBuffer made{out, size, 0};
            if (!stored_.empty() || flushing_) {
                const size_t outcome = ZSTD_decompressStream(stream_, &made, &in);
                if (ZSTD_isError(outcome) != 0) {
                    return failed_read(path_, ZSTD_getErrorName(outcome));
                }
                stored_.take(in.pos);
                between_frames_ = outcome == 0;
                flushing_ = made.pos == size && !between_frames_;
                if (made.pos > 0) return {File::Read::bytes, made.pos, {}};
                continue;
            }
            File::ReadResult result = stored_.refill();
            if (result.kind == File::Read::end && !between_frames_) {
                return failed_read(path_, "the Zstandard data end too early");
            }
            if (result.kind != File::Read::bytes) return result;
        }
    }

    uint64_t bytes_read() const override { return stored_.bytes_read(); }

   private:
    const std::string path_;
    StoredBytes stored_;
    ZSTD_DStream* const stream_;
    bool between_frames_ = false;  // An empty file is no Zstandard file: it has no frame.
    bool flushing_ = false;        // The last output was full; more may be waiting.
};

}  // namespace

std::unique_ptr<ByteStream> make_zstd_stream(const std::string& path, std::unique_ptr<File> file) {
    return std::make_unique<ZstdStream>(path, std::move(file));
}

}  // namespace trommel::net
