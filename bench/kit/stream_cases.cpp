#include <memory>
#include <optional>

#include "bench/kit/case.h"
#include "bench/kit/huge_memory.h"
#include "bench/kit/streams.h"
#include "bench/kit/timing.h"

namespace trommel::bench {
namespace {

constexpr size_t kBytes = size_t{1} << 30, kQuickBytes = size_t{4} << 20;
constexpr size_t kLineBytes = 64;

enum class Direction : uint8_t { read, write, copy };

// One pass over memory is a round, and a line of 64 bytes an event. Every word of the memory is
// checked between the rounds.
class StreamCase final : public Case {
   public:
    StreamCase(Direction direction, Scale scale)
        : direction_(direction),
          bytes_(scale == Scale::full ? kBytes : kQuickBytes),
          lines_(bytes_ / kLineBytes) {}

    Status prepare() override {
        from_.emplace(bytes_);
        if (direction_ == Direction::copy) to_.emplace(bytes_);
        return {};
    }

    Sample round() override {
        // Another content each time, so that what was left from the last round is wrong.
        const uint64_t word = ++rounds_, expected = word * lines_ * (kLineBytes / 8);
        char* const from = from_->data();
        if (direction_ != Direction::write) kernels_.fill(from, lines_, word);
        uint64_t sum = 0;
        const double begin = cpu_seconds();
        switch (direction_) {
            case Direction::read:
                sum = kernels_.sum(from, lines_);
                break;
            case Direction::write:
                kernels_.fill(from, lines_, word);
                break;
            case Direction::copy:
                kernels_.copy(to_->data(), from, lines_);
                break;
        }
        const double seconds = cpu_seconds() - begin;
        if (direction_ == Direction::write) sum = kernels_.sum(from, lines_);
        if (direction_ == Direction::copy) sum = kernels_.sum(to_->data(), lines_);
        right_ &= sum == expected;
        const auto moved = static_cast<double>(footprint_bytes());
        bytes_per_second_.push_back(moved / seconds);
        return {lines_, seconds};
    }

    std::string wrong() const override { return right_ ? "" : "the memory's sum is another"; }
    uint64_t footprint_bytes() const override {
        return direction_ == Direction::copy ? 2 * bytes_ : bytes_;
    }
    uint64_t huge_page_bytes() const override {
        return from_->huge_page_bytes() + (to_ ? to_->huge_page_bytes() : 0);
    }
    std::vector<Metric> metrics() const override {
        return {{"GB_per_s", "", median(bytes_per_second_) / 1e9}};
    }

   private:
    const Direction direction_;
    const size_t bytes_, lines_;
    const StreamKernels& kernels_ = stream_kernels();
    std::optional<HugeMemory> from_, to_;
    uint64_t rounds_ = 0;
    bool right_ = true;
    std::vector<double> bytes_per_second_;
};

template <Direction kDirection>
std::unique_ptr<Case> stream(Scale scale) {
    return std::make_unique<StreamCase>(kDirection, scale);
}

}  // namespace

std::vector<CaseInfo> stream_cases() {
    return {
        {"stream-read", "1 GiB read in order, a line of 64 bytes is an event",
         stream<Direction::read>},
        {"stream-write", "the same written past the caches", stream<Direction::write>},
        {"stream-copy", "1 GiB copied to another, past the caches; GB/s of both directions",
         stream<Direction::copy>},
    };
}

}  // namespace trommel::bench
