// `trommel run` with datagrams as its source, from outside.
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "tests/net/numbered_frames.h"
#include "tests/net/udp_sender.h"
#include "tests/tools/program.h"
#include "tools/exit_code.h"

namespace trommel::tools {
namespace {

using net::NumberedFrames;
using net::UdpSender;
using testing::HasSubstr;

const char kJob[] = R"(source: { type: udp, listen: "127.0.0.1:0" }
dedup: { mode: exact }
time: { out_of_order: 1ms }
aggregates: { n: count, s: sum(value) }
windows: [ { name: w, size: 100us } ]
)";

class UdpRun : public testing::Test {
   protected:
    void SetUp() override { write_file(job_, kJob); }
    void TearDown() override { std::remove(job_.c_str()); }

    // Where the program says that it listens.
    static net::Endpoint address_of(Program& program) {
        net::Endpoint endpoint;
        EXPECT_TRUE(program.says("listening on udp:127.0.0.1:")) << program.err();
        EXPECT_TRUE(program.says("\n"));
        const std::string err = program.err();
        const size_t at = err.find("udp:127.0.0.1:") + 14;
        EXPECT_TRUE(net::parse_address("127.0.0.1", endpoint));
        endpoint.port = static_cast<uint16_t>(std::stoul(err.substr(at)));
        return endpoint;
    }
    std::string job_ = scratch("udp.yaml");
};

TEST_F(UdpRun, AJobEndsWithItsSendersAndAccountsForAllThatTheySent) {
    for (const char* threads : {"engine.threads=1", "engine.threads=2"}) {
        Program program({"run", job_, "-s", threads, "-s", "source.stop_with_senders=true"});
        const net::Endpoint to = address_of(program);
        UdpSender sender(to);
        NumberedFrames frames{.epoch = 1};
        sender.send("hello");
        const std::string first = frames.frame(44);
        sender.send(first);
        sender.send(first);
        frames.next += 44;  // A frame that was lost on the way.
        for (int i = 0; i < 8; ++i) sender.send(frames.frame(44));
        NumberedFrames repeated{.source_id = 2};  // Another sender tells the same events.
        sender.send(repeated.frame(10));
        sender.send(repeated.frame(0, net::kFrameEnd));
        sender.send(frames.frame(0, net::kFrameEnd));
        EXPECT_EQ(program.wait(), kExitDone) << program.err();
        EXPECT_THAT(program.err(), HasSubstr("sent=450 delivered=406 lost=44 lost_gaps=44 "
                                             "senders=2 frames=12 frames_duplicate=1 "
                                             "events_duplicate=44 datagrams=14"));
        EXPECT_THAT(program.err(), HasSubstr("malformed=1"));
        EXPECT_EQ(program.last_line(),
                  "in=407 unique=396 duplicate=10 late=0 corrupt=1 filtered=0 refused=0");
        EXPECT_THAT(program.out(), HasSubstr("\nw,300,400,1,100,100\n")) << program.out();
    }
}

TEST_F(UdpRun, ASignalLosesNothingThatHadArrived) {
    for (const char* receive : {"source.receive=recvmmsg", "source.receive=io_uring"}) {
        Program program({"run", job_, "-s", receive});
        if (!program.says("listening")) {
            EXPECT_THAT(program.err(), HasSubstr("io_uring: "));  // And why.
            continue;
        }
        UdpSender sender(address_of(program));
        NumberedFrames frames;
        for (int i = 0; i < 500; ++i) sender.send(frames.frame(44));
        program.send(SIGTERM);
        EXPECT_EQ(program.wait(), kExitDone) << program.err();
        EXPECT_THAT(program.err(), HasSubstr("sent=22000 delivered=22000 lost=0"));
        EXPECT_THAT(program.last_line(), HasSubstr("in=22000 unique=22000"));
    }
}

TEST_F(UdpRun, TheJsonReportHoldsTheTransport) {
    Program program({"run", job_, "--json", "-s", "source.stop_after=200ms"});
    const net::Endpoint to = address_of(program);
    UdpSender sender(to);
    NumberedFrames frames;
    sender.send(frames.frame(3));
    EXPECT_EQ(program.wait(), kExitDone) << program.err();
    EXPECT_THAT(program.last_line(), HasSubstr(R"("transport":{"sent":3,"delivered":3,"lost":0,)"));
    EXPECT_THAT(program.last_line(),
                HasSubstr(":" + std::to_string(sender.endpoint().port) + "/1"));
}

TEST_F(UdpRun, AnAddressThatIsTakenEndsTheRunWithTheReason) {
    Program first({"run", job_});
    const net::Endpoint to = address_of(first);
    Program second({"run", job_, "-s", "source.listen=" + to_text(to)});
    EXPECT_EQ(second.wait(), kExitNoInput);
    EXPECT_THAT(second.err(), HasSubstr("another program listens there"));
    first.send(SIGINT);
    EXPECT_EQ(first.wait(), kExitDone);
}

}  // namespace
}  // namespace trommel::tools
