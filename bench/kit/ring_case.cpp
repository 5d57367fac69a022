#include <memory>
#include <thread>

#include "trommel/config.h"

#include "bench/kit/case.h"
#include "bench/kit/event_stream.h"
#include "bench/kit/timing.h"
#include "hostpath/emitter.h"
#include "hostpath/memory_plan.h"
#include "hostpath/spsc_ring.h"
#include "hostpath/wait.h"
#include "kernels/rules/assert.h"

namespace trommel::bench {
namespace {

using hostpath::Batch;
using hostpath::FromWorker;

constexpr uint64_t kHandOvers = 1 << 20, kQuickHandOvers = 1 << 12;
// Receiver to worker, worker to emitter, emitter to receiver.
constexpr double kHops = 3;

// Batches go round as in an engine with one worker and by the same rings, only that nobody does
// anything with them and that one thread is both receiver and emitter: two hops of three are
// between cores. Wall time, because both threads are busy all the while; the worker yields (an
// engine's would sleep, but it has work). With fewer than two cores it measures the scheduler.
class RingCase final : public Case {
   public:
    explicit RingCase(Scale scale)
        : hand_overs_(scale == Scale::full ? kHandOvers : kQuickHandOvers),
          config_(EventStream::job({.live = 16})) {
        for (const CaseInfo& info : engine_cases()) {
            if (info.name == "engine-small") engine_ = info.make(scale);
        }
        config_.engine.threads = 2;
        for (uint32_t b = 0; b < hostpath::plan_memory(config_).batches; ++b) {
            batches_.push_back(std::make_unique<Batch>(config_, config_.engine.batch_records));
        }
    }

    Status prepare() override { return engine_->prepare(); }

    Sample round() override {
        const double batch_seconds = circle(batches_.size());
        lone_seconds_.push_back(circle(1));
        batch_seconds_.push_back(batch_seconds);
        const Sample engine = engine_->round();
        const double event_seconds = engine.seconds / static_cast<double>(engine.events);
        const double records = config_.engine.batch_records;
        shares_.push_back(kHops * batch_seconds / (event_seconds * records));
        return {hand_overs_ * config_.engine.batch_records,
                batch_seconds * static_cast<double>(hand_overs_)};
    }

    std::string wrong() const override {
        return in_order_ ? engine_->wrong() : "batches came out of order";
    }
    uint64_t footprint_bytes() const override { return 0; }
    std::vector<Metric> metrics() const override {
        return {{"batches", "M/s", 1e-6 / median(batch_seconds_)},
                {"hop", "ns", 1e9 * median(batch_seconds_)},
                {"lone_round_trip", "ns", 1e9 * median(lone_seconds_)},
                {"engine_share", "of engine-small's time per event", median(shares_)}};
    }

   private:
    // Seconds for a batch to come back, over many, when so many are under way. Both threads are
    // busy as long, for two hops: it is also what one hop costs its two threads together.
    double circle(size_t under_way) {
        Rings rings(batches_.size());
        for (size_t b = 0; b < under_way; ++b) push(rings.free, batches_[b].get());
        bool worker_in_order = true;
        std::jthread worker([&] { worker_in_order = work(rings); });
        double begin = 0;
        hostpath::Wait wait;
        for (uint64_t sent = 0, settled = 0; settled < hand_overs_;) {
            bool worked = false;
            Batch* batch = nullptr;
            if (sent < hand_overs_ && rings.free.try_pop(batch)) {
                batch->sequence = sent++;
                push(rings.inbox, batch);
                worked = true;
            }
            FromWorker message;
            if (rings.outbox.try_pop(message)) {
                in_order_ &= message.batch->sequence == settled;
                push(rings.free, message.batch);
                if (settled++ == 0) begin = wall_seconds();  // The thread has started by now.
                worked = true;
            }
            worked ? wait.worked() : wait.idle();
        }
        const double seconds = wall_seconds() - begin;
        worker.join();
        in_order_ &= worker_in_order;
        return seconds / static_cast<double>(hand_overs_ - 1);
    }

    struct Rings {
        explicit Rings(size_t batches) : free(batches), inbox(batches), outbox(batches) {}
        hostpath::SpscRing<Batch*> free, inbox;
        hostpath::SpscRing<FromWorker> outbox;
    };

    // There are no more batches than a ring holds.
    template <class T>
    static void push(hostpath::SpscRing<T>& ring, const T& item) {
        TROMMEL_ASSERT(ring.try_push(item));
    }

    bool work(Rings& rings) const {
        bool in_order = true;
        hostpath::Wait wait;
        for (uint64_t taken = 0; taken < hand_overs_;) {
            Batch* batch = nullptr;
            if (!rings.inbox.try_pop(batch)) {
                wait.idle();
                continue;
            }
            wait.worked();
            in_order &= batch->sequence == taken++;
            push(rings.outbox, FromWorker{.batch = batch});
        }
        return in_order;
    }

    const uint64_t hand_overs_;
    Config config_;
    std::unique_ptr<Case> engine_;
    std::vector<std::unique_ptr<Batch>> batches_;
    bool in_order_ = true;
    std::vector<double> batch_seconds_, lone_seconds_, shares_;
};

}  // namespace

std::vector<CaseInfo> ring_cases() {
    return {{"ring", "batches of 4096 from thread to thread, untouched; wall time",
             [](Scale s) -> std::unique_ptr<Case> { return std::make_unique<RingCase>(s); }}};
}

}  // namespace trommel::bench
