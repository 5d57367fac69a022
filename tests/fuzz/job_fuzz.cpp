// Whatever the bytes, reading a job ends with a job or with mistakes, and what was read can be
// summed up. The first line, if it begins with '#', also goes to the quantity parsers and as an
// override.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tools/job/file.h"
#include "tools/job/summary.h"
#include "tools/quantity.h"

namespace trommel::tools {
namespace {

void check(bool holds) {
    if (!holds) __builtin_trap();
}

void read_quantities(std::string_view text) {
    const Parsed<int64_t> duration = parse_duration_us(text);
    check(!duration.ok() || (duration.value >= 0 && duration.value < kTimeLimitUs));
    if (duration.ok())
        check(parse_duration_us(duration_text(duration.value)).value == duration.value);
    const Parsed<double> share = parse_share(text);
    check(!share.ok() || (share.value >= 0 && share.value <= 1));
    const Parsed<uint64_t> bytes = parse_bytes(text), count = parse_count(text);
    check(!bytes.ok() || bytes.value < uint64_t{1} << 63);
    check(!count.ok() || count.value < uint64_t{1} << 63);
    static_cast<void>(parse_integer(text));
    static_cast<void>(parse_timestamp_us(text));
}

void read_one(const std::string& text) {
    std::vector<Override> overrides;
    if (text.starts_with('#')) {
        const std::string line = text.substr(1, text.find('\n') - 1);
        read_quantities(line);
        overrides.push_back({line, "-s " + line});
    }
    Job job;
    Mistakes mistakes;
    read_job(text, "job.yaml", overrides, job, mistakes);
    if (mistakes.empty()) {
        check(!summary(job).empty() && !memory_summary(job.config).empty());
    }
    for (const Mistake& mistake : mistakes.sorted()) check(!to_text(mistake).empty());
}

}  // namespace
}  // namespace trommel::tools

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    trommel::tools::read_one(std::string(data, data + size));
    return 0;
}
