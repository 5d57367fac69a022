#include "kernels/cuda/key_handles.h"

#include <gtest/gtest.h>
#include <numeric>
#include <set>

#include "kernels/cpu/cell_layout.h"
#include "tests/kernels/cpu/naive_windows.h"

namespace trommel::cuda {
namespace {

Config panes_of_10() {
    Config config;
    config.key = {{"k", FieldType::text}};
    config.windows = {{"t", WindowKind::tumbling, 10, 10, 0}};
    return config;
}

class Handles {
   public:
    explicit Handles(uint64_t memory_bytes)
        : budget_(memory_bytes),
          handles_(config_, 3, cpu::detect_simd(), budget_),
          batch_(config_, 4096) {}

    std::vector<uint64_t> find_or_add(const std::vector<cpu::naive::Event>& events) {
        const std::vector<uint32_t> rows = cpu::naive::fill(config_, events, batch_);
        std::vector<uint64_t> handles(rows.size());
        handles_.find_or_add(batch_, rows.data(), static_cast<uint32_t>(rows.size()),
                             handles.data());
        return handles;
    }
    std::string key_of(uint64_t handle) {
        cpu::PartialRows rows(config_, cpu::CellLayout(config_));
        rows.window.push_back(0);
        handles_.append_to(rows, handle);
        return std::string(rows.key_text(0));
    }
    KeyHandles& handles() { return handles_; }

   private:
    const Config config_ = panes_of_10();
    cpu::MemoryBudget budget_;
    KeyHandles handles_;
    RecordBatch batch_;
};

cpu::naive::Event event(int64_t time, int64_t key) {
    return {time, cpu::naive::encoded("key " + std::to_string(key)), {}};
}

TEST(KeyHandles, AreEqualForEqualKeysAndKeepTheirText) {
    Handles handles(1 << 20);
    std::vector<cpu::naive::Event> events;
    for (int64_t e = 0; e < 1500; ++e) events.push_back(event(e, e % 700));
    const std::vector<uint64_t> found = handles.find_or_add(events);
    for (size_t e = 700; e < events.size(); ++e) EXPECT_EQ(found[e], found[e - 700]);
    EXPECT_EQ(std::set(found.begin(), found.end()).size(), 700u);
    for (size_t e = 0; e < 700; ++e) EXPECT_EQ(handles.key_of(found[e]), events[e].key);
}

TEST(KeyHandles, AreHeldByTheNewestPaneOfTheirKey) {
    Handles handles(1 << 20);
    handles.find_or_add({event(35, 1), event(5, 1), event(5, 2), event(-5, 3)});
    EXPECT_EQ(handles.handles().keys().held(), 3u);
    handles.handles().let_go_before(0);
    EXPECT_EQ(handles.handles().keys().held(), 2u);
    handles.handles().let_go_before(3);
    EXPECT_EQ(handles.handles().keys().held(), 1u);
    handles.handles().let_go_before(INT64_MAX);
    EXPECT_EQ(handles.handles().keys().held(), 0u);
}

TEST(KeyHandles, SayWhenThereIsNoMemoryAndHaveSomeAgainLater) {
    Handles handles(300'000);
    std::vector<cpu::naive::Event> events;
    for (int64_t e = 0; e < 2000; ++e) {
        events.push_back(
            {e % 10, cpu::naive::encoded(std::string(200, 'x') + std::to_string(e)), {}});
    }
    std::vector<uint64_t> found = handles.find_or_add(events);
    const auto held = static_cast<size_t>(handles.handles().keys().held());
    EXPECT_GT(held, 100u);
    EXPECT_LT(held, 2000u);
    EXPECT_EQ(std::count(found.begin(), found.end(), KeyHandles::kNone),
              static_cast<ptrdiff_t>(2000 - held));
    for (size_t e = 0; e < events.size(); ++e) {
        if (found[e] == KeyHandles::kNone) continue;
        EXPECT_EQ(handles.key_of(found[e]), events[e].key);
    }
    handles.handles().let_go_before(1);
    std::reverse(events.begin(), events.end());
    for (cpu::naive::Event& later : events) later.time_us += 10;
    found = handles.find_or_add(events);
    EXPECT_NE(found[0], KeyHandles::kNone);
    EXPECT_EQ(handles.key_of(found[0]), events[0].key);
}

}  // namespace
}  // namespace trommel::cuda
