#include "net/packet_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/net/frame_packets.h"

namespace trommel::net {
namespace {

using testing::ElementsAre;
using State = Source::State;

// A device of the test: packets wait in its queues. Bytes of a burst are gone after release().
class ScriptedDevice final : public PacketDevice {
   public:
    struct Script {
        std::vector<std::vector<std::string>> queues = {{}};
        uint64_t dropped = 0;
        Status opening;
        int bursts_out = 0;  // Received and not released.
        int packets_freed = 0;
    };
    explicit ScriptedDevice(Script& script) : script_(script) {}

    Status open() override { return script_.opening; }
    uint32_t queues() const override { return static_cast<uint32_t>(script_.queues.size()); }
    uint32_t receive(uint32_t queue, ReceivedPacket* packets) override {
        EXPECT_EQ(script_.bursts_out, 0) << "a burst comes after the last one is released";
        std::vector<std::string>& waiting = script_.queues[queue];
        const size_t count = std::min<size_t>(waiting.size(), kBurstPackets);
        burst_.assign(waiting.begin(), waiting.begin() + static_cast<ptrdiff_t>(count));
        waiting.erase(waiting.begin(), waiting.begin() + static_cast<ptrdiff_t>(count));
        for (size_t i = 0; i < count; ++i) {
            packets[i] = {{burst_[i].data(), burst_[i].size(), burst_[i].size()}, false};
        }
        script_.bursts_out += count > 0 ? 1 : 0;
        return static_cast<uint32_t>(count);
    }
    void release() override {
        --script_.bursts_out;
        script_.packets_freed += static_cast<int>(burst_.size());
        burst_.clear();
    }
    uint64_t dropped() override { return script_.dropped; }

   private:
    Script& script_;
    std::vector<std::string> burst_;
};

class PacketSourceTest : public testing::Test {
   protected:
    void open() {
        PacketSourceOptions source_options = options;
        source_options.packets = packets;
        source_options.name = "device";
        source = std::make_unique<PacketSource>(source_options,
                                                std::make_unique<ScriptedDevice>(device), clock);
        ASSERT_TRUE(source->open().ok());
    }
    State poll(uint32_t capacity = 100) {
        RecordBatch batch(config, capacity);
        const Source::Poll polled = source->poll(batch, INT64_MAX);
        EXPECT_EQ(batch.first_record, records.size());
        for (uint32_t row = 0; row < batch.count; ++row) {
            records.push_back(record_of(batch, row, *source));
        }
        EXPECT_EQ(batch.count > 0, polled.state == State::records);
        EXPECT_TRUE(source->transport()->adds_up());
        resting.assign(polled.resting.begin(), polled.resting.end());
        return polled.state;
    }

    // What it says at last, of a source that has nothing more.
    State end() {
        State state = poll();
        for (int polls = 0; polls < 9 && state == State::nothing; ++polls) state = poll();
        return state;
    }

    PacketSourceOptions options;
    PacketIntakeOptions packets = packet_options();
    Config config = config_of(packets.intake.decode);
    ScriptedDevice::Script device;
    testkit::FakeClock clock;
    std::unique_ptr<PacketSource> source;
    std::vector<DecodedRecord> records;
    std::vector<uint32_t> resting;
};

TEST_F(PacketSourceTest, TakesWhatTheDeviceHasAndGoesOnWaiting) {
    device.queues = {{frame_packet(0, 2), ethernet(0x0806, "arp"), frame_packet(2, 1)}};
    open();
    EXPECT_TRUE(source->live());
    EXPECT_EQ(source->name(), "device");
    EXPECT_EQ(poll(), State::records);
    EXPECT_THAT(words_of(records), ElementsAre("0", "1", "2"));
    EXPECT_EQ(source->transport()->foreign, 1u);
    EXPECT_EQ(device.packets_freed, 3);
    clock.advance(1'000'000'000);
    EXPECT_EQ(poll(), State::nothing);
    EXPECT_EQ(source->partition_name(1), "10.1.2.3:5000/1");
}

TEST_F(PacketSourceTest, AFullBatchLeavesTheRestOfTheBurstForTheNext) {
    for (uint64_t n = 0; n < 100; ++n) device.queues[0].push_back(frame_packet(3 * n, 3));
    open();
    for (const uint32_t capacity : {1u, 2u, 7u, 64u, 40u})
        EXPECT_EQ(poll(capacity), State::records);
    EXPECT_EQ(records.size(), 114u);
    EXPECT_EQ(device.bursts_out, 1);
    while (poll(50) == State::records) {
    }
    ASSERT_EQ(records.size(), 300u);
    for (uint64_t n = 0; n < 300; ++n) EXPECT_EQ(records[n].id_lo, n);
    EXPECT_EQ(device.bursts_out, 0);
    EXPECT_EQ(device.packets_freed, 100);
}

TEST_F(PacketSourceTest, QueuesTakeTurns) {
    device.queues = {{}, {}, {}};
    for (uint64_t n = 0; n < 200; ++n) {
        device.queues[0].push_back(frame_packet(n, 1, 6000));
        device.queues[2].push_back(frame_packet(n, 1, 7000));
    }
    open();
    EXPECT_EQ(poll(256), State::records);
    const auto from_first = std::count_if(records.begin(), records.end(), [](const auto& record) {
        return record.partition == "10.1.2.3:6000/1";
    });
    EXPECT_EQ(from_first, 128);  // Two bursts of each queue.
    EXPECT_EQ(records.size(), 256u);
    while (poll() == State::records) {
    }
    EXPECT_EQ(records.size(), 400u);
    EXPECT_EQ(source->transport()->lost(), 0u);
}

TEST_F(PacketSourceTest, ReadsTheDevicesCountersTenTimesASecondAndAtTheEnd) {
    options.stop_after_us = 150'000;
    device.queues = {{frame_packet(0, 1)}};
    open();
    device.dropped = 5;
    poll();
    EXPECT_EQ(source->transport()->dropped_device, 0u);
    clock.advance(100'000);
    poll();
    EXPECT_EQ(source->transport()->dropped_device, 5u);
    device.dropped = 8;
    clock.advance(50'000);
    EXPECT_EQ(end(), State::ended);
    EXPECT_EQ(source->transport()->dropped_device, 8u);
}

TEST_F(PacketSourceTest, EndsWhenNothingForUsCameForLong) {
    options.stop_after_us = 1'000;
    open();
    clock.advance(1'000'000);
    EXPECT_EQ(poll(), State::nothing);  // Nobody has begun.
    device.queues[0] = {frame_packet(0, 1)};
    EXPECT_EQ(poll(), State::records);
    clock.advance(999);
    EXPECT_EQ(poll(), State::nothing);
    device.queues[0] = {frame_packet(1, 1)};
    EXPECT_EQ(poll(), State::records);
    clock.advance(500);
    device.queues[0] = {ethernet(0x0806, "arp")};  // A network is never silent.
    EXPECT_EQ(poll(), State::nothing);
    clock.advance(500);
    EXPECT_EQ(end(), State::ended);
    EXPECT_EQ(poll(), State::ended);  // It stays so.
}

TEST_F(PacketSourceTest, EndsWithItsSendersOnRequest) {
    options.stop_with_senders = true;
    open();
    device.queues[0] = {frame_packet(0, 1), frame_packet(0, 1, 6000),
                        udp_packet(frame_of(1, 0, 1, kFrameEnd))};
    EXPECT_EQ(poll(), State::records);
    EXPECT_THAT(resting, ElementsAre(1u));
    EXPECT_EQ(poll(), State::nothing);
    device.queues[0] = {udp_packet(frame_of(1, 0, 1, kFrameEnd), 6000)};
    EXPECT_EQ(end(), State::ended);
}

TEST_F(PacketSourceTest, AStoppedRunTakesWhatTheDeviceHoldsAndNoMore) {
    for (uint64_t n = 0; n < 100; ++n) device.queues[0].push_back(frame_packet(3 * n, 3));
    open();
    EXPECT_EQ(poll(100), State::records);  // A packet is taken in part.
    EXPECT_TRUE(source->drain());
    while (poll(100) == State::records) {
    }
    EXPECT_EQ(records.size(), 300u);
    EXPECT_EQ(source->transport()->delivered, 300u);
    EXPECT_EQ(poll(), State::ended);
    device.queues[0] = {frame_packet(300, 3)};
    EXPECT_EQ(poll(), State::ended);
}

TEST_F(PacketSourceTest, AFloodDoesNotKeepAStoppedRunFromEnding) {
    device.queues[0].assign(100'000, ethernet(0x0806, "arp"));
    open();
    EXPECT_TRUE(source->drain());
    EXPECT_EQ(end(), State::ended);
    EXPECT_EQ(source->transport()->foreign, 4096u);
    EXPECT_EQ(device.bursts_out, 0);
}

TEST_F(PacketSourceTest, KeysThatCannotBeReadAreTold) {
    packets.keys_path = "/gone.keys";
    source = std::make_unique<PacketSource>(PacketSourceOptions{packets, "device", {}, false},
                                            std::make_unique<ScriptedDevice>(device), clock);
    EXPECT_FALSE(source->open().ok());
}

TEST_F(PacketSourceTest, APollOfForeignPacketsIsBounded) {
    device.queues[0].assign(20'000, ethernet(0x0806, "arp"));
    open();
    EXPECT_EQ(poll(), State::nothing);
    EXPECT_LT(source->transport()->foreign, 20'000u);
    poll();
    EXPECT_EQ(source->transport()->foreign, 20'000u);
}

TEST_F(PacketSourceTest, ADeviceThatDoesNotOpenIsTold) {
    device.opening = Status::error(Code::no_input, "no such port");
    source = std::make_unique<PacketSource>(PacketSourceOptions{packets, "device", {}, false},
                                            std::make_unique<ScriptedDevice>(device), clock);
    EXPECT_EQ(source->open().message, "no such port");
}

}  // namespace
}  // namespace trommel::net
