#pragma once
#include <array>
#include <string>

#include "trommel/source.h"

#include "tests/gpu/verify_job.h"

namespace trommel::verify {

// Brings the first `events` events of a job's stream. Each is made when it is asked for, so that a
// stream of any length takes no memory. One thread at a time, as every source.
class VerifySource final : public Source {
   public:
    VerifySource(const Job& job, uint64_t events);

    Status open() override { return {}; }
    Poll poll(RecordBatch& batch, int64_t until_us) override;
    std::string_view name() const override { return job_.name; }
    uint32_t partitions() const override { return job_.shape.partitions; }
    std::string_view partition_name(uint32_t partition) const override { return names_[partition]; }

   private:
    struct Event {
        uint64_t id_number;  // Equal numbers are equal ids.
        int64_t time_us;
        uint64_t key;
        uint32_t partition;
        std::array<int64_t, 2> values;
    };

    Event event(uint64_t number) const;
    void append(RecordBatch& batch, const Event& event) const;
    void set_key(RecordBatch& batch, uint32_t row, uint64_t key) const;

    const Job& job_;
    const uint64_t events_;
    std::vector<std::string> names_;
    uint64_t next_ = 0;
};

}  // namespace trommel::verify
