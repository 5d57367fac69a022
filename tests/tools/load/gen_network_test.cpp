#include <arpa/inet.h>
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "net/synthetic_stream.h"
#include "net/wire.h"
#include "tests/tools/program.h"
#include "tools/job/document.h"

namespace trommel::tools {
namespace {

using testing::HasSubstr;

// A UDP socket that holds all that a small stream is.
class Receiver {
   public:
    Receiver() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        url = "udp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    }
    ~Receiver() { close(socket_); }
    std::string next() {
        char bytes[65'536];
        const ssize_t size = recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
        return size < 0 ? "" : std::string(bytes, static_cast<size_t>(size));
    }

    std::string url;

   private:
    int socket_;
};

TEST(GenNetwork, WhatArrivesIsTheStreamAndItsEnd) {
    for (const char* gso : {"", "--no-gso"}) {
        Receiver receiver;
        std::vector<std::string> arguments = {
            "gen", "--to",        receiver.url, "--events", "1000", "--seed",
            "5",   "--source-id", "7",          "--epoch",  "9",    "--duplicates",
            "20%", "--rate",      "20k",        "--linger", "10ms"};
        if (*gso != 0) arguments.push_back(gso);
        Program program(arguments);
        ASSERT_EQ(program.wait(), 0) << program.err();
        net::SyntheticOptions options;
        options.events = 1000;
        options.seed = 5;
        options.duplicate_share = 0.2;
        const net::SyntheticStream stream(options);
        uint64_t n = 0, ends = 0;
        for (std::string bytes = receiver.next(); !bytes.empty(); bytes = receiver.next()) {
            net::FrameHeader header;
            ASSERT_EQ(net::read_header(bytes.data(), header), net::FrameFault::none);
            ASSERT_EQ(net::check_frame(bytes, header), net::FrameFault::none);
            EXPECT_EQ(header.source_id, 7U);
            EXPECT_EQ(header.epoch, 9U);
            EXPECT_EQ(header.sequence, n);
            ends += header.flags == net::kFrameEnd;
            for (uint16_t e = 0; e < header.count; ++e) {
                const net::WireEvent event =
                    net::read_event(bytes.data() + 32 + e * size_t{32}, 32);
                EXPECT_EQ(event.id_lo, stream.at(n).id);
                EXPECT_EQ(event.time_us, stream.at(n++).time_us);
            }
        }
        EXPECT_EQ(n, 1000U);
        EXPECT_EQ(ends, 3U);
        const net::Truth truth = stream.truth();
        EXPECT_EQ(program.last_line(), "in=1000 unique=" + std::to_string(truth.unique) +
                                           " duplicate=" + std::to_string(truth.duplicate) +
                                           " late=0 corrupt=0");
    }
}

TEST(GenNetwork, ItsReportIsAnObject) {
    Receiver receiver;
    Program program(
        {"gen", "--to", receiver.url, "--rate", "10k", "--duration", "50ms", "--stamp", "--json"});
    ASSERT_EQ(program.wait(), 0) << program.err();
    Node report;
    Mistakes mistakes;
    std::string line;
    std::istringstream lines(program.err());
    while (std::getline(lines, line) && line.find("\"report\"") == std::string::npos) {
    }
    ASSERT_TRUE(parse_document(line, "report", report, mistakes)) << line;
    EXPECT_EQ(report.find("events")->text, "500");
    EXPECT_EQ(report.find("truth")->find("in")->text, "500");
    EXPECT_EQ(report.find("lag_us")->find("count")->text, "500");
    EXPECT_NE(report.find("cpu_seconds"), nullptr);
}

TEST(GenNetwork, ASignalEndsItWithTheNumberOfWhatWasSent) {
    Receiver receiver;
    Program program({"gen", "--to", receiver.url, "--rate", "1k", "--duration", "1h", "--json"});
    ASSERT_TRUE(program.says("\"progress\""));
    program.send(SIGTERM);
    ASSERT_EQ(program.wait(), 0) << program.err();
    uint64_t sent = 0, ends = 0;
    for (std::string bytes = receiver.next(); !bytes.empty(); bytes = receiver.next()) {
        net::FrameHeader header;
        ASSERT_EQ(net::read_header(bytes.data(), header), net::FrameFault::none);
        EXPECT_EQ(header.sequence, sent);
        sent += header.count;
        ends += header.flags == net::kFrameEnd;
    }
    EXPECT_GT(sent, 0U);
    EXPECT_EQ(ends, 3U);
    EXPECT_THAT(program.err(), HasSubstr("\"events\":" + std::to_string(sent) + ","));
}

TEST(GenNetwork, WhereNothingCanBeSentIsAnErrorThatNamesThePlace) {
    Program program({"gen", "--to", "unix:///nonexistent/x.sock"});
    EXPECT_EQ(program.wait(), 69);
    EXPECT_THAT(program.err(), HasSubstr("unix:///nonexistent/x.sock: No such file or directory"));
    Program unsigned_one({"gen", "--to", "udp://127.0.0.1:9", "--key-file", "/nonexistent/keys"});
    EXPECT_NE(unsigned_one.wait(), 0);
    EXPECT_THAT(unsigned_one.err(), HasSubstr("keys"));
}

}  // namespace
}  // namespace trommel::tools
