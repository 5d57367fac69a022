#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/job/file.h"
#include "tools/job/summary.h"

namespace trommel::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Receive = net::StreamSourceOptions::Receive;

struct Read {
    Job job;
    std::vector<std::string> mistakes;
};

// A job with this source; `rest` are its other lines.
Read read(const std::string& source,
          const std::string& rest = "decode: { fields: { id: id, time: time } }\n") {
    const std::string text = "source: { " + source + " }\n" + rest +
                             "aggregates: { n: count }\n"
                             "windows: [ { name: w, type: tumbling, size: 1m } ]\n"
                             "time: { out_of_order: 5s }\n";
    Read result;
    Mistakes mistakes;
    read_job(text, "job.yaml", {}, result.job, mistakes);
    for (const Mistake& mistake : mistakes.sorted()) result.mistakes.push_back(to_text(mistake));
    return result;
}

constexpr const char* kBinary = "decode: { format: binary }\n";

TEST(StreamJob, EverySettingIsRead) {
    const Read r = read(
        "type: tcp, listen: '10.1.2.3:4000', allow: [10.0.0.0/8, 192.0.2.7], receive: io_uring, "
        "connections_max: 10, connection_buffer: 64KiB, idle_timeout: 1m, header_timeout: 2s, "
        "senders_max: 20, keys: keys.txt, stop_after: 3s, stop_with_senders: true",
        kBinary);
    ASSERT_THAT(r.mistakes, IsEmpty());
    EXPECT_EQ(r.job.source.type, SourceJob::Type::tcp);
    const net::StreamSourceOptions& stream = r.job.source.stream;
    EXPECT_EQ(to_text(stream.listen.endpoint), "10.1.2.3:4000");
    EXPECT_EQ(stream.path, "");
    EXPECT_EQ(stream.allow.size(), 2u);
    EXPECT_EQ(stream.receive, Receive::io_uring);
    EXPECT_EQ(stream.connections_max, 10u);
    EXPECT_EQ(stream.connection_buffer_bytes, 65536u);
    EXPECT_EQ(stream.idle_timeout_us, 60'000'000);
    EXPECT_EQ(stream.header_timeout_us, 2'000'000);
    EXPECT_EQ(stream.senders_max, 20u);
    EXPECT_EQ(stream.keys_path, "keys.txt");
    EXPECT_EQ(stream.stop_after_us, 3'000'000);
    EXPECT_TRUE(stream.stop_with_senders);
    EXPECT_EQ(stream.decode.format, net::Format::binary);
}

TEST(StreamJob, TheDefaultsAreThoseOfTheLibrary) {
    const Read r = read("type: unix, path: /run/x.sock");
    ASSERT_THAT(r.mistakes, IsEmpty());
    EXPECT_EQ(r.job.source.type, SourceJob::Type::unix_socket);
    EXPECT_EQ(r.job.source.stream.path, "/run/x.sock");
    EXPECT_EQ(r.job.source.stream.receive, Receive::automatic);
    EXPECT_EQ(r.job.source.stream.connections_max, 1024u);
    EXPECT_FALSE(r.job.source.stream.stop_after_us.has_value());
}

TEST(StreamJob, AnAddressThatOthersReachNeedsPermission) {
    for (const char* open : {"0.0.0.0:4000", "[::]:4000", "192.0.2.1:4000"}) {
        const std::string listen = std::string("type: tcp, listen: '") + open + "'";
        EXPECT_THAT(read(listen).mistakes, ElementsAre(HasSubstr("insecure_listen"))) << open;
        EXPECT_THAT(read(listen + ", insecure_listen: true").mistakes, IsEmpty());
        EXPECT_THAT(read(listen + ", allow: 10.0.0.0/8").mistakes, IsEmpty());
        EXPECT_THAT(read(listen + ", insecure_listen: false").mistakes,
                    ElementsAre(HasSubstr("insecure_listen")));
    }
    for (const char* local : {"127.0.0.1:0", "[::1]:4000", ":4000", "localhost:4000"}) {
        EXPECT_THAT(read(std::string("type: tcp, listen: '") + local + "'").mistakes, IsEmpty());
    }
}

TEST(StreamJob, WhatIsWrongIsToldByName) {
    const auto wrong = [](const std::string& source, const std::string& what,
                          const std::string& rest =
                              "decode: { fields: { id: id, time: time } }\n") {
        EXPECT_THAT(read(source, rest).mistakes, ElementsAre(HasSubstr(what))) << source;
    };
    wrong("type: tcp", "missing field 'source.listen'");
    wrong("type: unix", "missing field 'source.path'");
    wrong("type: tcp, listen: ':4000', path: x", "source.path");
    wrong("type: unix, path: x, allow: 10.0.0.0/8", "source.allow");
    wrong("type: tcp, listen: here", "source.listen");
    wrong("type: tcp, listen: ':4000', allow: [10.0.0.0/8, ten]", "source.allow[1]");
    wrong("type: tcp, listen: ':4000', receive: recvmmsg", "is none of auto, poll, io_uring");
    wrong("type: tcp, listen: ':4000', connections_max: 0", "is not a number from 1 to 65535");
    wrong("type: tcp, listen: ':4000', connections_max: 5G", "is not a number from 1 to 65535");
    wrong("type: tcp, listen: ':4000', connection_buffer: 100", "connection_buffer");
    wrong("type: tcp, listen: ':4000', keys: k", "only binary frames");
    wrong("type: tcp, listen: ':4000', idle_timeout: 5", "source.idle_timeout");
    wrong("type: tcp, listen: ':4000', idle_time: 5s", "source.idle_time");
    wrong("type: tcp, listen: ':4000', connection_buffer: 64KiB", "no room for a record",
          "decode: { fields: { id: id, time: time } }\nengine: { record_bytes_max: 1MiB }\n");
}

TEST(StreamJob, TheBufferLimitsRecordsUnlessTheJobSaysHowLongTheyAre) {
    const Read r = read("type: tcp, listen: ':4000', connection_buffer: 64KiB");
    ASSERT_THAT(r.mistakes, IsEmpty());
    EXPECT_EQ(r.job.source.stream.decode.record_bytes_max, 65536u);
}

TEST(StreamJob, TheSummaryTellsWhoMayConnectAndWhatThatMayHold) {
    EXPECT_THAT(
        summary(read("type: tcp, listen: ':4000', connections_max: 2048").job),
        testing::AllOf(HasSubstr("TCP connections to 127.0.0.1:4000"), HasSubstr("up to 2,048"),
                       HasSubstr("512 MiB together"), HasSubstr("one for each connection")));
    EXPECT_THAT(
        summary(read("type: unix, path: /run/x.sock", kBinary).job),
        testing::AllOf(HasSubstr("unix socket /run/x.sock"), HasSubstr("one for each sender")));
}

}  // namespace
}  // namespace trommel::tools
