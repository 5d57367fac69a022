#include "net/sender_table.h"

#include <gtest/gtest.h>
#include <set>

#include "tests/kit/random.h"

namespace trommel::net {
namespace {

using Arrival = SenderTable::Arrival;

Endpoint sender_at(uint16_t port) {
    const uint8_t address[4] = {192, 0, 2, 7};
    return Endpoint::from_v4(address, port);
}

FrameHeader frame(uint64_t sequence, uint16_t count, uint32_t epoch = 1, uint8_t flags = 0) {
    FrameHeader header;
    header.source_id = 5;
    header.sequence = sequence;
    header.count = count;
    header.epoch = epoch;
    header.flags = flags;
    return header;
}

struct Table {
    Transport transport;
    SenderTable senders;
    uint32_t partition = 0;

    explicit Table(uint32_t senders_max = 8) : senders(senders_max, transport) {}
    Arrival note(const FrameHeader& header, uint16_t port = 1) {
        const Arrival arrival = senders.note(sender_at(port), header, partition);
        EXPECT_TRUE(transport.adds_up()) << to_text(transport);
        return arrival;
    }
};

TEST(SenderTable, FramesInOrderLoseNothing) {
    Table table;
    for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(table.note(frame(i * 3, 3)), Arrival::fresh);
    EXPECT_EQ(table.partition, 1u);
    EXPECT_EQ(to_text(table.transport), "sent=30 delivered=30 lost=0 senders=1 frames=10");
    EXPECT_EQ(table.senders.partition_name(0), "(source)");
    EXPECT_EQ(table.senders.partition_name(1), "192.0.2.7:1/5");
}

TEST(SenderTable, AGapIsThatManyLostEvents) {
    Table table;
    table.note(frame(0, 3));
    EXPECT_EQ(table.note(frame(10, 2)), Arrival::fresh);
    EXPECT_EQ(table.transport.lost_gaps, 7u);
    EXPECT_EQ(table.transport.sent, 12u);
}

TEST(SenderTable, AFrameThatComesLateFillsItsGap) {
    Table table;
    table.note(frame(0, 2));
    table.note(frame(8, 2));
    EXPECT_EQ(table.note(frame(4, 2)), Arrival::fresh);  // From the middle.
    EXPECT_EQ(table.note(frame(2, 2)), Arrival::fresh);
    EXPECT_EQ(table.transport.lost_gaps, 2u);
    EXPECT_EQ(table.note(frame(6, 2)), Arrival::fresh);
    EXPECT_EQ(table.transport.lost(), 0u);
    EXPECT_EQ(table.transport.frames_reordered, 3u);
    EXPECT_EQ(table.transport.delivered, 10u);
}

TEST(SenderTable, SignsOfLifeDoNotCutAGap) {
    Table table;
    table.note(frame(0, 2));
    for (uint64_t i = 3; i < 1000; ++i) EXPECT_EQ(table.note(frame(i, 0)), Arrival::fresh);
    EXPECT_EQ(table.transport.lost_gaps, 997u);
    EXPECT_EQ(table.note(frame(2, 997)), Arrival::fresh);
    EXPECT_EQ(table.transport.lost(), 0u);
}

TEST(SenderTable, AFrameThatCameTwiceIsADuplicate) {
    Table table;
    table.note(frame(0, 3));
    table.note(frame(6, 3));
    table.note(frame(3, 3));
    for (const uint64_t begin : {0u, 3u, 6u}) {
        EXPECT_EQ(table.note(frame(begin, 3)), Arrival::duplicate);
    }
    EXPECT_EQ(table.transport.frames_duplicate, 3u);
    EXPECT_EQ(table.transport.events_duplicate, 9u);
    EXPECT_EQ(table.transport.delivered, 9u);
}

TEST(SenderTable, AFrameThatOverlapsWhatCameIsNeverDelivered) {
    Table table;
    table.note(frame(0, 3));
    table.note(frame(6, 3));
    for (const FrameHeader& bad : {frame(2, 2), frame(2, 5), frame(5, 2), frame(4, 10), frame(8, 2),
                                   frame(0, 9), frame(3, 4)}) {
        EXPECT_EQ(table.note(bad), Arrival::stale) << bad.sequence;
    }
    EXPECT_EQ(table.transport.frames_stale, 7u);
    EXPECT_EQ(table.transport.delivered, 6u);
    EXPECT_EQ(table.transport.sent, 9u);
}

TEST(SenderTable, WhatCameBeforeTheFirstFrameIsLostUntilItComes) {
    Table table;
    table.note(frame(100, 10));
    EXPECT_EQ(table.transport.lost_before, 100u);
    EXPECT_EQ(table.note(frame(90, 10)), Arrival::fresh);
    EXPECT_EQ(table.note(frame(0, 10)), Arrival::fresh);
    EXPECT_EQ(table.transport.lost_before, 80u);
    EXPECT_EQ(table.transport.lost_gaps, 0u);
    EXPECT_EQ(table.transport.frames_reordered, 2u);
}

TEST(SenderTable, AHigherEpochBeginsAnewAndALowerOneIsStale) {
    Table table;
    table.note(frame(0, 3));
    table.note(frame(6, 3));
    EXPECT_EQ(table.note(frame(2, 3, 2)), Arrival::fresh);
    EXPECT_EQ(table.transport.lost_gaps, 3u);
    EXPECT_EQ(table.transport.lost_before, 2u);
    EXPECT_EQ(table.note(frame(3, 3, 1)), Arrival::stale);  // The gap of the epoch before.
    EXPECT_EQ(table.note(frame(0, 2, 2)), Arrival::fresh);
    EXPECT_EQ(table.note(frame(0, 3, 0)), Arrival::stale);
    EXPECT_EQ(table.transport.frames_stale, 2u);
    EXPECT_EQ(table.senders.partitions(), 2u);
}

TEST(SenderTable, TheOldestOfTooManyGapsIsGivenUp) {
    Table table;
    const uint64_t gaps = SenderTable::kGapsMax + 1;
    for (uint64_t i = 0; i <= gaps; ++i) table.note(frame(i * 10, 5));
    EXPECT_EQ(table.note(frame(5, 5)), Arrival::stale);
    EXPECT_EQ(table.note(frame(0, 5)), Arrival::stale);  // Too old to tell that it came.
    EXPECT_EQ(table.note(frame(15, 5)), Arrival::fresh);
    EXPECT_EQ(table.note(frame(10, 5)), Arrival::duplicate);
    EXPECT_EQ(table.transport.lost_gaps, (gaps - 1) * 5);
}

TEST(SenderTable, SendersDifferByAddressPortAndSourceId) {
    Table table;
    table.note(frame(0, 1), 1);
    table.note(frame(0, 1), 2);
    FrameHeader other = frame(0, 1);
    other.source_id = 6;
    table.note(other, 1);
    EXPECT_EQ(table.partition, 3u);
    table.note(frame(1, 1), 1);
    EXPECT_EQ(table.partition, 1u);
    EXPECT_EQ(table.transport.senders, 3u);
    EXPECT_EQ(table.transport.lost(), 0u);
    EXPECT_EQ(table.senders.partition_name(3), "192.0.2.7:1/6");
}

TEST(SenderTable, WhereSourcesSignTheirAddressesDoNotMatter) {
    Transport transport;
    SenderTable senders(8, transport, SenderTable::Identity::source);
    uint32_t partition = 0;
    EXPECT_EQ(senders.note(sender_at(1), frame(0, 2), partition), Arrival::fresh);
    EXPECT_EQ(senders.note(sender_at(2), frame(0, 2), partition), Arrival::duplicate);
    EXPECT_EQ(senders.note(sender_at(3), frame(2, 2), partition), Arrival::fresh);
    FrameHeader other = frame(0, 2);
    other.source_id = 6;
    EXPECT_EQ(senders.note(sender_at(1), other, partition), Arrival::fresh);
    EXPECT_EQ(partition, 2u);
    EXPECT_EQ(senders.note(sender_at(2), frame(4, 2), partition), Arrival::fresh);
    EXPECT_EQ(partition, 1u);
    EXPECT_EQ(senders.partition_name(1), "192.0.2.7:1/5");
}

TEST(SenderTable, ThereAreNoMoreSendersThanThereMayBe) {
    Table table(3);
    for (uint16_t port = 1; port <= 10; ++port) {
        EXPECT_EQ(table.note(frame(0, 1), port), port <= 3 ? Arrival::fresh : Arrival::refused);
    }
    EXPECT_EQ(table.note(frame(1, 1), 2), Arrival::fresh);
    EXPECT_EQ(table.partition, 2u);
    EXPECT_EQ(table.transport.senders, 3u);
    EXPECT_EQ(table.transport.senders_refused, 7u);
    EXPECT_EQ(table.transport.sent, 4u);
}

TEST(SenderTable, AsManySendersAsThereCanBeAreToldApart) {
    Table table(SenderTable::kSendersMax);
    for (uint64_t round = 0; round < 2; ++round) {
        for (uint32_t i = 0; i < SenderTable::kSendersMax; ++i) {
            table.senders.note(sender_at(static_cast<uint16_t>(i)), frame(round, 1),
                               table.partition);
            ASSERT_EQ(table.partition, i + 1);
        }
    }
    EXPECT_EQ(table.note(frame(0, 1), 65535), Arrival::refused);
    EXPECT_EQ(table.transport.lost(), 0u);
    EXPECT_EQ(table.transport.delivered, 2u * SenderTable::kSendersMax);
}

TEST(SenderTable, ASenderHasEndedUntilItSendsSomethingNew) {
    Table table;
    table.note(frame(0, 3));
    EXPECT_FALSE(table.senders.all_ended());
    table.note(frame(6, 0, 1, kFrameEnd));  // There were six.
    EXPECT_TRUE(table.senders.ended(1));
    EXPECT_EQ(table.transport.lost_gaps, 3u);
    table.note(frame(3, 3));
    EXPECT_TRUE(table.senders.ended(1));                               // Late, but not new.
    EXPECT_EQ(table.note(frame(6, 0, 1, kFrameEnd)), Arrival::fresh);  // It is said three times.
    EXPECT_EQ(table.transport.frames_duplicate, 0u);
    table.note(frame(0, 1), 2);
    EXPECT_FALSE(table.senders.all_ended());
    table.note(frame(1, 1, 1, kFrameEnd), 2);
    EXPECT_TRUE(table.senders.all_ended());
    table.note(frame(6, 1));
    EXPECT_FALSE(table.senders.all_ended());
    table.senders.end(1);
    EXPECT_TRUE(table.senders.all_ended());
    table.note(frame(0, 0, 2));
    EXPECT_FALSE(table.senders.ended(1));  // A new epoch.
}

TEST(SenderTable, TheLastNumbersThereAreCanBeSent) {
    Table table;
    EXPECT_EQ(table.note(frame(kSequenceMax - 65535, 65535)), Arrival::fresh);
    EXPECT_EQ(table.transport.sent, kSequenceMax);
    EXPECT_EQ(table.note(frame(kSequenceMax, 0)), Arrival::fresh);
}

// What a table must say, by slow and obvious means: the numbers that came, one by one.
class Model {
   public:
    Arrival note(const FrameHeader& header) {
        if (begun_ && header.epoch < epoch_) return Arrival::stale;
        if (!begun_ || header.epoch > epoch_) begin(header);
        const uint64_t begin = header.sequence, end = begin + header.count;
        if (begin >= highest_) {
            highest_ = end;
            deliver(begin, end);
            give_up_oldest();
            return Arrival::fresh;
        }
        if (begin == end) return Arrival::fresh;
        uint64_t came = 0, open = 0;
        for (uint64_t n = begin; n < end; ++n) {
            came += came_.count(n);
            open += n < highest_ && !came_.count(n) && !given_up_.count(n);
        }
        // No frame reaches from before the first one to behind it.
        const bool astride = begin < first_ && end > first_;
        if (open == header.count && !astride) {
            deliver(begin, end);
            give_up_oldest();
            return Arrival::fresh;
        }
        if (open > 0 || end > highest_) return Arrival::stale;
        if (!given_up_.empty() && begin <= *given_up_.rbegin()) return Arrival::stale;
        return Arrival::duplicate;
    }

    uint64_t sent() const { return sent_before_ + highest_; }
    uint64_t delivered() const { return delivered_before_ + came_.size(); }
    uint64_t lost_before() const {
        uint64_t lost = lost_before_before_;
        for (uint64_t n = 0; n < first_; ++n) lost += !came_.count(n);
        return lost;
    }

   private:
    void begin(const FrameHeader& header) {
        lost_before_before_ = lost_before();
        sent_before_ = sent();
        delivered_before_ = delivered();
        begun_ = true;
        epoch_ = header.epoch;
        highest_ = first_ = header.sequence;
        came_.clear();
        given_up_.clear();
    }
    void deliver(uint64_t begin, uint64_t end) {
        for (uint64_t n = begin; n < end; ++n) EXPECT_TRUE(came_.insert(n).second) << n;
    }
    // Of more runs of missing numbers than there may be, the first.
    void give_up_oldest() {
        std::vector<std::pair<uint64_t, uint64_t>> runs;
        for (uint64_t n = 0; n < highest_; ++n) {
            if (came_.count(n) || given_up_.count(n)) continue;
            if (runs.empty() || runs.back().second != n || n == first_) runs.push_back({n, n});
            runs.back().second = n + 1;
        }
        if (runs.size() <= SenderTable::kGapsMax) return;
        for (uint64_t n = runs[0].first; n < runs[0].second; ++n) given_up_.insert(n);
    }

    bool begun_ = false;
    uint32_t epoch_ = 0;
    uint64_t highest_ = 0, first_ = 0;
    std::set<uint64_t> came_, given_up_;
    uint64_t sent_before_ = 0, delivered_before_ = 0, lost_before_before_ = 0;
};

struct Network {
    bool honest;     // Frames of an epoch are always cut in the same places.
    uint64_t drift;  // How far behind a frame may come.
    uint64_t loss;   // One in so many is not sent.
};

void check_against_model(uint64_t seed, const Network& network) {
    testkit::Random random(seed);
    Table table;
    Model models[2];
    uint64_t next[2] = {random.below(3) * 7, 0};
    uint32_t epochs[2] = {1, 1};
    for (int step = 0; step < 600; ++step) {
        const uint16_t who = random.one_in(3) ? 1 : 0;
        if (random.one_in(150)) {
            ++epochs[who];
            next[who] = random.below(2) * 5;
        }
        FrameHeader header = frame(next[who], 1, epochs[who] - (random.one_in(40) ? 1 : 0));
        header.count = static_cast<uint16_t>(network.honest ? 3 : random.below(5));
        if (network.honest) header.sequence -= header.sequence % 3;
        const bool behind = random.one_in(3);
        if (behind) {
            const uint64_t back = random.below(network.drift) * (network.honest ? 3 : 1);
            header.sequence -= std::min(header.sequence, back);
        } else {
            next[who] = header.sequence + header.count;
            if (random.one_in(network.loss)) continue;
        }
        const Arrival expected = models[who].note(header);
        ASSERT_EQ(table.note(header, who + 1), expected) << "seed " << seed << " step " << step;
        ASSERT_EQ(table.transport.sent, models[0].sent() + models[1].sent()) << seed;
        ASSERT_EQ(table.transport.delivered, models[0].delivered() + models[1].delivered());
        ASSERT_EQ(table.transport.lost_before, models[0].lost_before() + models[1].lost_before())
            << "seed " << seed << " step " << step;
    }
}

TEST(SenderTable, SaysWhatTheModelSaysOfAnyOrderOfFrames) {
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        check_against_model(seed, {true, 10, 10});
        check_against_model(seed, {true, 300, 2});  // More gaps than are kept.
        check_against_model(seed, {false, 10, 10});
        check_against_model(seed, {false, 300, 2});
        if (testing::Test::HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace trommel::net
