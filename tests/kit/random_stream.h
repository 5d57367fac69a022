#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/kit/oracle.h"
#include "tests/kit/random.h"
#include "tests/kit/random_job.h"

namespace trommel::testkit {

// Makes the events of a random job one by one: small domains, and times that aim at the edges of
// the job's own rules (late or not, same tick or not, this pane or the next).
class RandomStream {
   public:
    RandomStream(Random& random, const Config& config, size_t events);

    void append_event();
    size_t appended() const { return events_.size(); }
    std::vector<OracleEvent> take_events() { return std::move(events_); }
    std::vector<RandomJob::End> ends() const;
    uint32_t partitions() const { return static_cast<uint32_t>(partitions_.size()); }

   private:
    struct Partition {
        uint32_t number;
        size_t begin, end;  // The indices of events between which it brings something.
        bool says_when_it_ends;
        int64_t now_us;  // About the newest time that it has shown.
    };

    void choose_partitions(size_t events);
    void choose_keys();
    void choose_steps();

    Partition& active_partition();
    OracleEvent fresh(Partition& partition);
    OracleEvent repeat(Partition& partition);
    void damage(OracleEvent& event);

    void advance(Partition& partition);
    int64_t time_near(const Partition& partition);
    int64_t snapped(int64_t time_us);
    int64_t repeat_distance();

    std::string random_id();
    std::string random_text_id(uint64_t number);
    std::vector<int64_t> random_values();

    Random& random_;
    const Config& config_;
    std::vector<OracleEvent> events_;
    std::vector<Partition> partitions_;
    std::vector<std::vector<KeyPart>> keys_;
    std::vector<int64_t> steps_us_;
    int64_t tick_us_ = 1000;
    int64_t reach_ = 1;
    uint64_t ids_ = 1;
    bool extreme_values_ = false;
};

}  // namespace trommel::testkit
