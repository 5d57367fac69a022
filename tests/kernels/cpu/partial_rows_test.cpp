#include "kernels/cpu/partial_rows.h"

#include <gtest/gtest.h>

#include "trommel/key.h"

namespace trommel::cpu {
namespace {

Config job() {
    Config config;
    config.key = {{"a", FieldType::text}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0}};
    config.windows = {{"b", WindowKind::tumbling, 10, 10, 0},
                      {"a", WindowKind::tumbling, 10, 10, 0},
                      {"B", WindowKind::tumbling, 10, 10, 0}};
    return config;
}

void add(PartialRows& rows, const CellLayout& layout, uint32_t window, int64_t end_us,
         const std::string& key) {
    rows.window.push_back(window);
    rows.start_us.push_back(end_us - 10);
    rows.end_us.push_back(end_us);
    std::string encoded(encoded_text_size(key), '\0');
    encode_text(key, encoded.data());
    rows.key_bytes.insert(rows.key_bytes.end(), encoded.begin(), encoded.end());
    rows.key_end.push_back(static_cast<uint32_t>(rows.key_bytes.size()));
    rows.cells.resize(rows.cells.size() + layout.bytes());
}

TEST(PartialRows, AreOrderedByEndThenWindowNameThenKey) {
    const Config config = job();
    const CellLayout layout(config);
    const std::vector<uint32_t> rank = window_name_ranks(config);
    EXPECT_EQ(rank, (std::vector<uint32_t>{2, 1, 0})) << "B, a, b by their bytes";
    PartialRows rows(config, layout);
    add(rows, layout, 0, 10, "z");  // In order from here on.
    add(rows, layout, 2, 20, "z");
    add(rows, layout, 1, 20, "a");
    add(rows, layout, 1, 20, std::string("a\0", 2));
    add(rows, layout, 1, 20, "b");
    add(rows, layout, 0, 20, "a");
    for (uint32_t a = 0; a < rows.count(); ++a) {
        for (uint32_t b = 0; b < rows.count(); ++b) {
            const int order = rows.compare(a, rows, b, rank);
            EXPECT_EQ(order < 0, a < b) << a << " " << b;
            EXPECT_EQ(order == 0, a == b) << a << " " << b;
        }
    }
}

TEST(PartialRows, ClearForgetsRowsAndKeys) {
    const Config config = job();
    const CellLayout layout(config);
    PartialRows rows(config, layout);
    add(rows, layout, 0, 10, "k");
    rows.clear();
    EXPECT_EQ(rows.count(), 0u);
    add(rows, layout, 0, 10, "x");
    EXPECT_EQ(rows.key_text(0), std::string_view("x\0\1", 3));
}

}  // namespace
}  // namespace trommel::cpu
