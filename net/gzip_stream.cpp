#include "net/gzip_stream.h"

#include <algorithm>
#include <zlib.h>

#include "net/stored_bytes.h"

namespace trommel::net {
namespace {

class GzipStream final : public ByteStream {
   public:
    GzipStream(const std::string& path, std::unique_ptr<File> file)
        : path_(path), stored_(std::move(file)) {
        constexpr int kGzipOnly = 16 + MAX_WBITS;
        ready_ = inflateInit2(&inflate_, kGzipOnly) == Z_OK;
    }
    GzipStream(const GzipStream&) = delete;
    GzipStream& operator=(const GzipStream&) = delete;
    ~GzipStream() override {
        if (ready_) inflateEnd(&inflate_);
    }

    File::ReadResult read(char* out, size_t size) override {
        if (!ready_) return failed_read(path_, "no memory to decompress it");
        while (true) {
            if (stored_.empty()) {
                File::ReadResult result = stored_.refill();
                if (result.kind == File::Read::end && !between_members_) {
                    return failed_read(path_, "the gzip data end too early");
                }
                if (result.kind != File::Read::bytes) return result;
            }
            if (between_members_ && !begin_member()) continue;
            const size_t made = inflate_some(out, size);
            if (broken_) return failed_read(path_, "damaged gzip data");
            if (made > 0) return {File::Read::bytes, made, {}};
        }
    }

    uint64_t bytes_read() const override { return stored_.bytes_read(); }

   private:
    // Skips the zero bytes that some writers pad a file with. False when more input is needed.
    bool begin_member() {
        while (!stored_.empty() && *stored_.data() == '\0') stored_.take(1);
        if (stored_.empty()) return false;
        between_members_ = false;
        return true;
    }

    size_t inflate_some(char* out, size_t size) {
        const auto room = static_cast<uInt>(std::min<size_t>(size, 1U << 30));
        inflate_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored_.data()));
        inflate_.avail_in = static_cast<uInt>(stored_.size());
        inflate_.next_out = reinterpret_cast<Bytef*>(out);
        inflate_.avail_out = room;
        const int outcome = inflate(&inflate_, Z_NO_FLUSH);
        stored_.take(stored_.size() - inflate_.avail_in);
        if (outcome == Z_STREAM_END) {
            between_members_ = true;
            broken_ = inflateReset(&inflate_) != Z_OK;
        } else if (outcome != Z_OK && outcome != Z_BUF_ERROR) {
            broken_ = inflate_.avail_out == room;  // What came before the damage comes first.
        }
        return room - inflate_.avail_out;
    }

    const std::string path_;
    StoredBytes stored_;
    z_stream inflate_{};
    bool ready_ = false;
    bool between_members_ = false;  // An empty file is no gzip file: it has no member.
    bool broken_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> make_gzip_stream(const std::string& path, std::unique_ptr<File> file) {
    return std::make_unique<GzipStream>(path, std::move(file));
}

}  // namespace trommel::net
