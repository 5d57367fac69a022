#include "tests/gpu/verify_answer.h"

#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "trommel/int128.h"
#include "trommel/run.h"

#include "tests/gpu/verify_source.h"

namespace trommel::verify {
namespace {

// Two multiplications of 64 by 64 bits, folded, with different constants: words that differ
// anywhere give other digests but with a probability of about 2^-64.
uint64_t fold(uint64_t a, uint64_t b) {
    const uint128 product = static_cast<uint128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

class RowDigest final : public Sink {
   public:
    explicit RowDigest(const Config& config) : shape_(key_shape(config)) {}
    Status open() override { return {}; }
    Status write_rows(const RowBatch& rows) override {
        for (size_t row = 0; row < rows.count(); ++row) put(rows, row);
        count_ += rows.count();
        return {};
    }
    Status write_record(std::string_view) override { return {}; }
    Status flush() override { return {}; }
    Status finish() override { return {}; }
    void abandon() override {}

    std::string text() const { return digest_.text(); }
    uint64_t count() const { return count_; }

   private:
    void put(const RowBatch& rows, size_t row) {
        digest_.put(rows.window[row]);
        digest_.put(static_cast<uint64_t>(rows.start_us[row]));
        digest_.put(static_cast<uint64_t>(rows.end_us[row]));
        if (shape_ == KeyShape::integer) digest_.put(static_cast<uint64_t>(rows.key_int[row]));
        if (shape_ == KeyShape::encoded) digest_.put(rows.key_text(row));
        for (const auto& column : rows.aggregates) {
            const auto value = static_cast<uint128>(column[row]);
            digest_.put(static_cast<uint64_t>(value));
            digest_.put(static_cast<uint64_t>(value >> 64));
        }
    }

    const KeyShape shape_;
    Digest digest_;
    uint64_t count_ = 0;
};

}  // namespace

void Digest::put(uint64_t word) {
    low_ = fold(low_ ^ word, 0x9e3779b97f4a7c15u) + high_;
    high_ = fold(high_ ^ word ^ 0xa4093822299f31d0u, 0xd6e8feb86659fd93u) + low_;
}

void Digest::put(std::string_view bytes) {
    put(bytes.size());
    for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < 8 ? bytes.size() : 8)) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data(), bytes.size() < 8 ? bytes.size() : 8);
        put(word);
    }
}

std::string Digest::text() const {
    char text[33];
    std::snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, high_, low_);
    return text;
}

bool parse_side(std::string_view text, Side& side) {
    side = {};
    if (text == "gpu") side.engine = EngineType::gpu;
    if (text == "gpu" || text == "cpu") return true;
    if (!text.starts_with("cpu:")) return false;
    text.remove_prefix(4);
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, side.shards);
    return error == std::errc() && stop == end && side.shards >= 1 && side.shards <= kShardsMax;
}

Answer answer(const Job& job, const Side& side, uint64_t events, uint32_t batch_records) {
    Config config = job.config;
    config.engine.type = side.engine;
    config.engine.threads = side.shards;
    config.engine.batch_records = batch_records;
    VerifySource source(job, events);
    RowDigest rows(config);
    Digest verdicts;
    Run run;
    run.lanes = {&source};
    run.sinks = {&rows};
    // Batches are settled in the source's order, whatever ran them.
    run.on_settled = [&](const RecordBatch& batch) {
        for (uint32_t row = 0; row < batch.count; ++row) {
            verdicts.put((batch.first_record + row) << 8 |
                         static_cast<uint64_t>(batch.verdict[row]));
        }
    };
    Report report;
    Answer answer;
    answer.status = trommel::run(config, run, report);
    answer.verdicts = verdicts.text();
    answer.rows = rows.text();
    answer.row_count = rows.count();
    answer.ledger = report.ledger;
    answer.engine = report.engine;
    answer.seconds = report.seconds;
    return answer;
}

std::string difference(const Answer& one, const Answer& other) {
    for (const Answer* const each : {&one, &other}) {
        if (!each->status.ok()) return each->status.message;
    }
    if (one.verdicts != other.verdicts) return "the verdicts differ";
    if (one.row_count != other.row_count) return "the numbers of rows differ";
    if (one.rows != other.rows) return "the rows differ";
    return "";
}

}  // namespace trommel::verify
