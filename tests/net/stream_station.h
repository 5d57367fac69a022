#pragma once
#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/stream_source.h"
#include "tests/kit/fake_clock.h"
#include "tests/kit/temporary_directory.h"
#include "tests/net/decoded_records.h"
#include "tests/net/numbered_frames.h"
#include "tests/net/stream_peers.h"

// A StreamSource with a sender's and a receiver's hands, for its tests.
namespace trommel::net {

using Receive = StreamSourceOptions::Receive;

inline DecodeOptions stream_line_options(Format format) {
    DecodeOptions options;
    options.format = format;
    options.id = {"id", IdForm::u64};
    options.time = {"t", TimeForm::us};
    options.record_bytes_max = 4096;
    if (format == Format::csv) options.csv_columns = {"id", "t"};
    return options;
}

inline std::string line_of(Format format, uint64_t n) {
    const std::string number = std::to_string(n);
    if (format == Format::csv) return number + "," + number + "\n";
    return R"({"id":)" + number + R"(,"t":)" + number + "}\n";
}

// How a source is tested: what is sent, over what, and which way the kernel is asked.
struct StreamWay {
    Format format = Format::csv;
    bool unix_socket = false;
    Receive receive = Receive::poll;
};

class StreamSourceTest : public testing::TestWithParam<StreamWay> {
   protected:
    void SetUp() override {
        use(GetParam());
        Status why;
        const bool wants_ring = options.receive == Receive::io_uring;
        if (wants_ring && make_stream_ring(why) == nullptr) GTEST_SKIP() << why.message;
        if (options.decode.format == Format::json && !built_with_json()) {
            GTEST_SKIP() << "built without simdjson";
        }
    }
    void use(const StreamWay& way) {
        const bool frames = way.format == Format::binary;
        options.decode = frames ? frame_decode_options() : stream_line_options(way.format);
        options.receive = way.receive;
        if (way.unix_socket) {
            options.path = directory.file("socket");
        } else {
            ASSERT_TRUE(parse_listen_address("127.0.0.1:0", options.listen).ok());
        }
    }
    void open() {
        source.reset();
        const Config config = config_of(options.decode);
        Status status = make_stream_source(options, config, clock, source);
        ASSERT_TRUE(status.ok()) << status.message;
        status = source->open();
        ASSERT_TRUE(status.ok()) << status.message;
    }
    bool frames() const { return options.decode.format == Format::binary; }
    StreamPeer connect() const { return StreamPeer::connect(source->bound()); }

    // `count` records from number `first` on, as the source's format has them.
    std::string records_of(uint64_t first, size_t count) const {
        if (frames()) return frame_of(first, count);
        std::string bytes;
        for (uint64_t n = first; n < first + count; ++n) {
            bytes += line_of(options.decode.format, n);
        }
        return bytes;
    }

    // One poll, as the receiver does it.
    Source::State look(uint32_t capacity = 64) {
        RecordBatch batch(config_of(options.decode), capacity);
        const Source::Poll poll = source->poll(batch, INT64_MAX);
        EXPECT_NE(poll.state, Source::State::failed) << poll.status.message;
        EXPECT_EQ(batch.first_record, records.size());
        for (uint32_t row = 0; row < batch.count; ++row) {
            records.push_back(record_of(batch, row, *source));
        }
        for (const uint32_t partition : poll.resting) {
            resting.emplace_back(source->partition_name(partition));
        }
        EXPECT_TRUE(source->transport()->adds_up()) << to_text(*source->transport());
        return poll.state;
    }
    // Until something holds, which it must in the end.
    void look_until(const std::function<bool()>& condition, uint32_t capacity = 64) {
        for (int i = 0; i < 500'000 && !condition(); ++i) look(capacity);
        ASSERT_TRUE(condition()) << records.size() << " records, " << to_text(*source->transport());
    }
    void look_until_records(size_t count) {
        look_until([&] { return records.size() >= count; });
        ASSERT_EQ(records.size(), count);
    }
    void look_until_open(uint32_t connections) {
        look_until([&] { return source->open_connections() == connections; });
    }

    // The numbers of the records that came from each partition, in order.
    std::map<std::string, std::vector<uint64_t>> numbers() const {
        std::map<std::string, std::vector<uint64_t>> by_partition;
        for (const DecodedRecord& record : records) {
            if (!record.corrupt()) by_partition[record.partition].push_back(record.id_lo);
        }
        return by_partition;
    }
    size_t corrupt() const {
        return static_cast<size_t>(
            std::count_if(records.begin(), records.end(),
                          [](const DecodedRecord& record) { return record.corrupt(); }));
    }

    const testkit::TemporaryDirectory directory;
    testkit::FakeClock clock;
    StreamSourceOptions options;
    std::unique_ptr<StreamSource> source;
    std::vector<DecodedRecord> records;
    std::vector<std::string> resting;
};

inline std::vector<StreamWay> all_ways() {
    std::vector<StreamWay> ways;
    for (const Format format : {Format::csv, Format::json, Format::binary}) {
        for (const bool unix_socket : {false, true}) {
            for (const Receive receive : {Receive::poll, Receive::io_uring}) {
                ways.push_back({format, unix_socket, receive});
            }
        }
    }
    return ways;
}

inline std::string name_of(const testing::TestParamInfo<StreamWay>& way) {
    const Format format = way.param.format;
    std::string name = format == Format::csv ? "csv" : format == Format::json ? "json" : "frames";
    name += way.param.unix_socket ? "_unix" : "_tcp";
    return name + (way.param.receive == Receive::poll ? "_poll" : "_ring");
}

inline std::vector<uint64_t> counted_to(size_t count) {
    std::vector<uint64_t> numbers(count);
    for (size_t n = 0; n < count; ++n) numbers[n] = n;
    return numbers;
}

}  // namespace trommel::net
