#include "bench/kit/encoded_stream.h"

#include <cstdio>
#include <functional>

#include "trommel/key.h"

#include "kernels/rules/hash.h"
#include "net/decoder.h"
#include "net/wire.h"

namespace trommel::bench {
namespace {

constexpr int64_t kStartUs = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z
constexpr int64_t kDayMs = 86'400'000;
constexpr uint64_t kKeys = 10'000;
constexpr size_t kFrameEvents = 1024;
static_assert(kSliceRecords % kFrameEvents == 0);

struct Event {
    uint64_t id_hi, id_lo;
    int64_t time_ms;  // Since kStartUs; within a day.
    uint64_t key;
    int64_t cents, count, size;

    int64_t time_us() const { return kStartUs + time_ms * 1000; }
};

bool is_copy(uint64_t n) {
    return n % 5 == 4;
}

Event event_at(uint64_t n) {
    const uint64_t original = is_copy(n) ? n - 3 : n;
    const uint64_t random = rules::mix64(n + 1);
    return {rules::mix64(original ^ 0x5bf03635u),
            rules::mix64(original + 7),
            static_cast<int64_t>(n) % kDayMs,
            random % kKeys,
            static_cast<int64_t>(random >> 16 & 0xfffff),
            static_cast<int64_t>(random >> 40 & 0xff),
            static_cast<int64_t>(random >> 48)};
}

// For snprintf: id in five parts, time in four, key, amount in two, count, size.
constexpr char kJsonLine[] =
    "{\"id\":\"%08x-%04x-%04x-%04x-%012llx\",\"time\":\"2026-01-01T%02u:%02u:%02u.%03u000Z\","
    "\"key\":\"%s\",\"amount\":%d.%02d,\"count\":%d,\"size\":%d}\n";
constexpr char kCsvLine[] =
    "%08x-%04x-%04x-%04x-%012llx,2026-01-01T%02u:%02u:%02u.%03u000Z,%s,%d.%02d,%d,%d\n";

template <const auto& kPattern>
void append_line(const Event& e, Tally& tally, std::string& out) {
    char key[32];
    std::snprintf(key, sizeof key, "customer-%05u", static_cast<uint32_t>(e.key));
    const auto part = [](uint64_t half, int shift, uint64_t mask) {
        return static_cast<uint32_t>(half >> shift & mask);
    };
    const auto ms = static_cast<uint32_t>(e.time_ms);
    char line[256];
    const int size = std::snprintf(
        line, sizeof line, kPattern, part(e.id_hi, 32, 0xffff'ffff), part(e.id_hi, 16, 0xffff),
        part(e.id_hi, 0, 0xffff), part(e.id_lo, 48, 0xffff),
        static_cast<unsigned long long>(e.id_lo & 0xffff'ffff'ffff), ms / 3'600'000,
        ms / 60'000 % 60, ms / 1000 % 60, ms % 1000, key, static_cast<int>(e.cents / 100),
        static_cast<int>(e.cents % 100), static_cast<int>(e.count), static_cast<int>(e.size));
    out.append(line, static_cast<size_t>(size));
    std::string encoded(encoded_text_size(key), '\0');
    encode_text(key, encoded.data());
    tally.ids += e.id_lo + 3 * e.id_hi;
    tally.keys += std::hash<std::string_view>()(encoded);
    tally.values += static_cast<uint64_t>(e.cents + e.count + e.size);
}

void pad(EncodedStream& stream) {
    stream.size = stream.bytes.size();
    stream.cuts.push_back(stream.size);
    stream.bytes.append(net::kPaddingBytes, ' ');
}

template <const auto& kPattern>
EncodedStream make_lines(uint64_t records) {
    EncodedStream stream;
    for (uint64_t n = 0; n < records; ++n) {
        if (n % kSliceRecords == 0) stream.cuts.push_back(stream.bytes.size());
        const Event event = event_at(n);
        append_line<kPattern>(event, stream.tally, stream.bytes);
        stream.tally.times += static_cast<uint64_t>(event.time_us());
        stream.unique += !is_copy(n);
    }
    stream.tally.records = records;
    pad(stream);
    return stream;
}

}  // namespace

void Tally::add(const RecordBatch& batch) {
    for (uint32_t row = 0; row < batch.count; ++row) {
        if (batch.verdict[row] == Verdict::corrupt) continue;
        ++records;
        ids += batch.id_lo[row] + (batch.id_hi.empty() ? 0 : 3 * batch.id_hi[row]);
        keys += batch.key_text.empty() ? static_cast<uint64_t>(batch.key_int[row])
                                       : std::hash<std::string_view>()(batch.key_text[row]);
        times += static_cast<uint64_t>(batch.time_us[row]);
        for (const auto& column : batch.values) values += static_cast<uint64_t>(column[row]);
    }
}

EncodedStream make_json_lines(uint64_t records) {
    return make_lines<kJsonLine>(records);
}

EncodedStream make_csv_lines(uint64_t records) {
    return make_lines<kCsvLine>(records);
}

net::DecodeOptions json_lines_decode() {
    net::DecodeOptions options;
    options.id = {"id", net::IdForm::uuid};
    options.time = {"time", net::TimeForm::rfc3339};
    options.key = {{"key", FieldType::text}};
    options.values = {{"amount", 2}, {"count", 0}, {"size", 0}};
    return options;
}

net::DecodeOptions csv_lines_decode() {
    net::DecodeOptions options = json_lines_decode();
    options.format = net::Format::csv;
    options.csv_columns = {"id", "time", "key", "amount", "count", "size"};
    return options;
}

EncodedStream make_frames(uint64_t records) {
    EncodedStream stream;
    std::vector<net::WireEvent> events;
    for (uint64_t n = 0; n < records; ++n) {
        if (n % kSliceRecords == 0) stream.cuts.push_back(stream.bytes.size());
        const Event e = event_at(n);
        events.push_back({e.id_lo, 0, static_cast<int64_t>(e.key), e.time_us(), e.cents});
        stream.tally.ids += e.id_lo;
        stream.tally.keys += e.key;
        stream.tally.times += static_cast<uint64_t>(e.time_us());
        stream.tally.values += static_cast<uint64_t>(e.cents);
        stream.unique += !is_copy(n);
        if (events.size() < kFrameEvents && n + 1 < records) continue;
        net::append_frame({}, events, stream.bytes);
        events.clear();
    }
    stream.tally.records = records;
    pad(stream);
    return stream;
}

net::DecodeOptions frames_decode() {
    net::DecodeOptions options;
    options.format = net::Format::binary;
    options.id.form = net::IdForm::u64;
    options.key = {{"key", FieldType::integer}};
    options.values = {{"value", 0}};
    return options;
}

Config config_for(const net::DecodeOptions& decode) {
    Config config;
    config.dedup.id_type = net::id_type(decode.id.form);
    config.key = decode.key;
    config.values = decode.values;
    return config;
}

}  // namespace trommel::bench
