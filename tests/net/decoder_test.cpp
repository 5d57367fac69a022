#include "net/decoder.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "net/wire.h"
#include "tests/kit/random.h"
#include "tests/net/decoded_records.h"

namespace trommel::net {
namespace {

using testkit::Random;

DecodeOptions random_options(Format format, Random& random) {
    DecodeOptions options;
    options.format = format;
    options.id = {"id", format == Format::binary ? IdForm::u64 : IdForm::bytes};
    options.time = {"t", TimeForm::us};
    if (format != Format::binary && random.one_in(2)) options.partition = "p";
    options.values = {{"v", 0}};
    const std::vector<uint64_t> longest = {8, 40, 100, 16u << 20};
    options.record_bytes_max = random.pick(longest);
    return options;
}

std::string random_json(Random& random) {
    std::string line = R"({"id":")" + std::to_string(random.below(50)) + R"(","p":"p)" +
                       std::to_string(random.below(3)) + R"(","t":)" +
                       std::to_string(random.below(100)) + ",\"v\":1}";
    if (random.one_in(5)) line.insert(1, R"("x":[1,{"y":"\u00e9"}],)");
    if (random.one_in(8)) line.resize(random.below(line.size()));
    return line;
}

std::string random_csv(Random& random) {
    const std::string id = random.one_in(3) ? "\"a\n,\"\"b\"" : std::to_string(random.below(50));
    std::string line = id + ",p" + std::to_string(random.below(3)) + "," +
                       std::to_string(random.below(100)) + ",1";
    if (random.one_in(8)) line.resize(random.below(line.size()));
    return line;
}

std::string random_frame(Random& random) {
    std::vector<WireEvent> events;
    for (uint64_t n = random.below(5); n > 0; --n) {
        events.push_back({random.below(50), 0, 0, static_cast<int64_t>(random.below(100)), 1});
    }
    std::string frame;
    append_frame({}, events, frame);
    if (random.one_in(12)) frame[random.below(frame.size())] = '!';
    return frame;
}

std::string random_stream(Format format, Random& random) {
    const std::vector<std::string> ends = {"\n", "\r\n", "\n\n", " \r\n\n"};
    std::string bytes;
    if (format != Format::binary && random.one_in(3)) bytes = "\xEF\xBB\xBF";
    if (format == Format::csv) bytes += "id,p,t,v\n";
    for (uint64_t n = random.below(40); n > 0; --n) {
        if (format == Format::binary) {
            bytes += random_frame(random);
            continue;
        }
        bytes += format == Format::json ? random_json(random) : random_csv(random);
        if (n > 1 || random.one_in(2)) bytes += random.pick(ends);
    }
    if (random.one_in(6)) bytes.resize(random.below(bytes.size() + 1));
    return bytes;
}

// The same bytes as a pipe brings them: in pieces, with pauses, and held back now and then.
std::vector<DecodedRecord> decode_in_pieces(const std::string& bytes, const DecodeOptions& options,
                                            Random& random) {
    testkit::PowerLossFileSystem files;
    testkit::FakeClock clock;
    files.feed("file0", "");
    FileSourceOptions source_options{{"file0"}, options, 65 + random.below(200)};
    const Config config = config_of(options);
    std::unique_ptr<Source> source;
    EXPECT_TRUE(make_file_source(source_options, config, files, clock, source).ok());
    EXPECT_TRUE(source->open().ok());
    std::vector<DecodedRecord> records;
    size_t fed = 0;
    while (true) {
        const int64_t until =
            random.one_in(3) ? static_cast<int64_t>(random.below(100)) : INT64_MAX;
        const auto capacity = static_cast<uint32_t>(1 + random.below(9));
        const Source::Poll poll = drain(*source, config, capacity, records, until);
        if (poll.state == Source::State::ended) return records;
        EXPECT_NE(poll.state, Source::State::failed);
        if (poll.state == Source::State::held) {
            EXPECT_GT(poll.held_time_us, until);
            continue;
        }
        const size_t piece = std::min<size_t>(bytes.size() - fed, random.below(60));
        files.feed("file0", bytes.substr(fed, piece));
        fed += piece;
        if (fed == bytes.size()) files.end_feed("file0");
    }
}

TEST(Decoder, TheAnswerDoesNotDependOnHowTheBytesAreCut) {
    for (const Format format : {Format::json, Format::csv, Format::binary}) {
        for (uint64_t seed = 0; seed < 700; ++seed) {
            Random random(seed);
            const DecodeOptions options = random_options(format, random);
            const std::string bytes = random_stream(format, random);
            const std::vector<DecodedRecord> whole = decode_all(bytes, options, {4096, 1 << 20});
            const Cuts cuts{static_cast<uint32_t>(1 + random.below(9)), 65 + random.below(100)};
            ASSERT_EQ(decode_all(bytes, options, cuts), whole) << "seed " << seed;
            ASSERT_EQ(decode_in_pieces(bytes, options, random), whole) << "seed " << seed;
        }
    }
}

// In text formats every byte is in a record, a line end, a blank line, a mark or a header.
TEST(Decoder, RecordsLieWhereTheySayInTheStream) {
    for (uint64_t seed = 0; seed < 500; ++seed) {
        Random random(seed);
        DecodeOptions options = random_options(Format::json, random);
        options.record_bytes_max = kRecordBytesMax;
        const std::string bytes = random_stream(Format::json, random);
        uint64_t number = 0;
        size_t end = 0;
        for (const DecodedRecord& record : decode_all(bytes, options)) {
            ASSERT_EQ(record.number, number++);
            ASSERT_EQ(bytes.substr(record.offset, record.raw.size()), record.raw);
            const std::string between = bytes.substr(end, record.offset - end);
            ASSERT_EQ(between.find_first_not_of(" \r\n\xEF\xBB\xBF"), std::string::npos) << between;
            end = record.offset + record.raw.size();
        }
        ASSERT_EQ(bytes.substr(end).find_first_not_of(" \r\n\xEF\xBB\xBF"), std::string::npos);
    }
}

}  // namespace
}  // namespace trommel::net
