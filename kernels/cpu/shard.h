#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/cpu/backend.h"
#include "kernels/cpu/window_store.h"

namespace trommel::cpu {

// A shard on a core.
class Shard final : public Backend {
   public:
    static Status create(const Config& config, const ShardOptions& options,
                         std::unique_ptr<Shard>& shard);

    const char* engine() const override { return "cpu"; }
    void advance(int64_t watermark_us) override;
    void advance_ids(int64_t watermark_us, int64_t time_us) override;
    void submit(RecordBatch& batch, const IdColumns& ids, const uint32_t* rows,
                uint32_t count) override;

    bool take_closed(PartialRows& rows, uint32_t rows_max, int64_t& work) override;
    bool is_closing() const override { return windows_ && windows_->is_closing(); }
    bool has_rows() const override { return windows_ && windows_->has_rows(); }
    int64_t complete_end_us() const override {
        return windows_ ? windows_->complete_end_us() : INT64_MAX;
    }
    uint32_t windows_waiting(uint32_t max) const override {
        return windows_ ? windows_->windows_waiting(max) : 0;
    }
    bool has_room(const RecordBatch& batch, const uint32_t* rows, uint32_t count) const override {
        return !windows_ || windows_->has_room(batch, rows, count);
    }

    Stretch take_ahead() override {
        const Stretch ahead = ids_ ? ids_->take_ahead() : Stretch();
        return ahead.bytes == 0 && windows_ ? windows_->take_ahead() : ahead;
    }

    ShardReport report() const override;
    int64_t horizon_shortened_us() const override {
        return ids_ ? ids_->horizon_shortened_us() : 0;
    }

   private:
    Shard(const Config& config, const ShardOptions& options);

    void make_room(const IdColumns& ids, const uint32_t* rows, uint32_t count);
    void note_ids_full();
    void note_keys_full();

    const OnFull on_full_;
    MemoryBudget id_budget_, key_budget_;
    std::unique_ptr<IdMemory> ids_;         // Null: no deduplication.
    std::unique_ptr<WindowStore> windows_;  // Null: no aligned windows.
    std::vector<Outcome> outcomes_, retry_outcomes_;
    std::vector<uint32_t> survivors_, refused_;
    uint64_t events_ = 0, unique_ = 0;
};

}  // namespace trommel::cpu
