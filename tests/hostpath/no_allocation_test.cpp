#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <new>

#include "trommel/engine.h"

#include "hostpath/pipeline.h"
#include "tests/hostpath/small_jobs.h"
#include "tests/kit/random.h"

// This program's operator new, which counts what this thread asks for while it is told to.
namespace {
thread_local bool is_counting = false;
thread_local uint64_t allocations = 0;

void* allocate(size_t size, size_t alignment) {
    allocations += is_counting;
    // aligned_alloc() wants a multiple of the alignment.
    void* const at =
        alignment == 0
            ? std::malloc(size == 0 ? 1 : size)
            : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (at == nullptr) throw std::bad_alloc();
    return at;
}
// Inlined, g++ would take free() for a mistake.
[[gnu::noinline]] void release(void* at) {
    std::free(at);
}
}  // namespace

void* operator new(size_t size) {
    return allocate(size, 0);
}
void* operator new[](size_t size) {
    return allocate(size, 0);
}
void* operator new(size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
    return allocate(size, 0);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
    return allocate(size, 0);
}
void operator delete(void* at) noexcept {
    release(at);
}
void operator delete[](void* at) noexcept {
    release(at);
}
void operator delete(void* at, size_t) noexcept {
    release(at);
}
void operator delete[](void* at, size_t) noexcept {
    release(at);
}
void operator delete(void* at, std::align_val_t) noexcept {
    release(at);
}
void operator delete[](void* at, std::align_val_t) noexcept {
    release(at);
}
void operator delete(void* at, size_t, std::align_val_t) noexcept {
    release(at);
}
void operator delete[](void* at, size_t, std::align_val_t) noexcept {
    release(at);
}

namespace trommel::hostpath {
namespace {

// Allocations of this thread in its life.
class AllocationCount {
   public:
    AllocationCount() {
        allocations = 0;
        is_counting = true;
    }
    ~AllocationCount() { is_counting = false; }
    uint64_t so_far() const { return allocations; }
};

constexpr uint32_t kRecords = 1000;

// Ids and keys that come again, in one window that does not close.
Config steady_job(IdType type, uint32_t threads) {
    Config config = window_job();
    config.dedup.id_type = type;
    config.dedup.horizon_us = int64_t{1} << 40;
    config.time.out_of_order_us = 1000;
    config.windows[0].size_us = config.windows[0].slide_us = int64_t{1} << 39;
    config.engine.batch_records = kRecords;
    config.engine.threads = threads;
    return config;
}

void fill(RecordBatch& batch, testkit::Random& random, int64_t& now_us) {
    batch.clear();
    while (!batch.full()) {
        const uint64_t id = random.below(20'000);
        const auto value = static_cast<int64_t>(id);
        const int64_t time_us = ++now_us - random.between(0, 900);
        const uint32_t row = batch.id_hi.empty() ? batch.add(id, time_us, &value)
                                                 : batch.add(id, ~id, time_us, &value);
        batch.set_key(row, static_cast<int64_t>(id % 500));
        batch.partition[row] = static_cast<uint32_t>(id % 3);
    }
}

TEST(NoAllocation, TheCounterCounts) {
    const AllocationCount count;
    const auto number = std::make_unique<int>(5);
    EXPECT_GE(count.so_far(), 1u);
}

TEST(NoAllocation, AWarmEngineAllocatesNothing) {
    for (const IdType type : {IdType::u64, IdType::u128}) {
        const Config config = steady_job(type, 1);
        std::unique_ptr<Engine> engine;
        ASSERT_TRUE(Engine::create(config, engine).ok());
        RecordBatch batch(config, kRecords);
        testkit::Random random(1);
        int64_t now_us = 0;
        const auto push = [&] {
            fill(batch, random, now_us);
            return engine->push(batch).ok();
        };
        for (int i = 0; i < 200; ++i) ASSERT_TRUE(push());
        bool all_ok = true;
        uint64_t allocated = 0;
        {
            const AllocationCount count;
            for (int i = 0; i < 2000; ++i) all_ok &= push();
            allocated = count.so_far();
        }
        EXPECT_TRUE(all_ok);
        EXPECT_EQ(allocated, 0u);
        EXPECT_TRUE(engine->ledger().adds_up());
        EXPECT_EQ(engine->report().shards[0].keys, 500u);
    }
}

// Brings records for ever, or for as long as it is asked, and allocates nothing.
class EndlessSource : public Source {
   public:
    Poll poll(RecordBatch& batch, int64_t) override {
        if (ended) return {State::ended, 0, {}};
        fill(batch, random_, now_us_);
        batch.first_record = records_;
        records_ += batch.count;
        return {State::records, 0, {}};
    }
    Status open() override { return {}; }
    std::string_view name() const override { return "endless"; }
    uint32_t partitions() const override { return 3; }
    std::string_view partition_name(uint32_t) const override { return "p"; }

    bool ended = false;

   private:
    testkit::Random random_{1};
    int64_t now_us_ = 0;
    uint64_t records_ = 0;
};

Progress step_all(Pipeline& pipeline, uint32_t threads) {
    if (threads == 1) return pipeline.inline_step();
    (void)pipeline.receiver_step();
    for (uint32_t w = 0; w < threads; ++w) (void)pipeline.worker_step(w);
    return pipeline.emitter_step();
}

TEST(NoAllocation, AWarmPipelineAllocatesNothing) {
    for (const uint32_t threads : {1u, 3u}) {
        const Config config = steady_job(IdType::u64, threads);
        EndlessSource source;
        trommel::Run run;
        run.lanes = {&source};
        Pipeline pipeline(config, run);
        ASSERT_TRUE(pipeline.open().ok());
        for (int i = 0; i < 500; ++i) ASSERT_NE(step_all(pipeline, threads), Progress::finished);
        uint64_t allocated = 0;
        {
            const AllocationCount count;
            for (int i = 0; i < 3000; ++i) (void)step_all(pipeline, threads);
            allocated = count.so_far();
        }
        EXPECT_EQ(allocated, 0u) << threads;
        source.ended = true;
        for (int i = 0; i < 100 && step_all(pipeline, threads) != Progress::finished; ++i) continue;
        Report report;
        pipeline.report(report);
        EXPECT_GT(report.ledger.in, 2'000'000u);
        EXPECT_TRUE(report.ledger.adds_up());
    }
}

}  // namespace
}  // namespace trommel::hostpath
