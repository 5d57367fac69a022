#include "tests/gpu/verify_source.h"

#include <cinttypes>
#include <cstdio>
#include <limits>

#include "trommel/key.h"

namespace trommel::verify {
namespace {

uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

// Independent numbers of one event.
class Draw {
   public:
    Draw(uint64_t seed, uint64_t number) : state_(mix(seed * 0x9e3779b97f4a7c15u + number)) {}
    uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15u); }
    uint64_t below(uint64_t bound) { return next() % bound; }

   private:
    uint64_t state_;
};

uint64_t draw_key(Draw& draw, const Shape& shape) {
    const uint64_t any = draw.below(shape.keys);
    const bool hot = draw.below(2) == 0;
    if (shape.skew == Skew::one) return 0;
    return shape.skew == Skew::steep && hot ? any % 64 : any;
}

// Mostly small numbers; one in 64 lies at an end of what 64 bits hold.
int64_t draw_value(Draw& draw) {
    const uint64_t kind = draw.below(128);
    if (kind == 0) return std::numeric_limits<int64_t>::max();
    if (kind == 1) return std::numeric_limits<int64_t>::min();
    return static_cast<int64_t>(draw.below(2'000'001)) - 1'000'000;
}

}  // namespace

VerifySource::VerifySource(const Job& job, uint64_t events) : job_(job), events_(events) {
    for (uint32_t p = 0; p < job.shape.partitions; ++p) names_.push_back("p" + std::to_string(p));
}

VerifySource::Event VerifySource::event(uint64_t number) const {
    const Shape& shape = job_.shape;
    Draw draw(shape.seed, number);
    Event event;
    event.partition = static_cast<uint32_t>(draw.below(shape.partitions));
    const uint64_t back =
        draw.below(16) < shape.duplicates_of_16 ? 1 + draw.below(shape.distance) : 0;
    event.id_number = back <= number ? number - back : number;
    Draw same_for_copies(~shape.seed, event.id_number);
    event.key = draw_key(same_for_copies, shape);
    event.time_us = static_cast<int64_t>(number) * shape.step_us;
    if (shape.disorder_us > 0) {
        event.time_us -= static_cast<int64_t>(draw.below(static_cast<uint64_t>(shape.disorder_us)));
    }
    if (draw.below(256) == 0) event.time_us -= shape.late_us;
    for (int64_t& value : event.values) value = draw_value(draw);
    return event;
}

void VerifySource::set_key(RecordBatch& batch, uint32_t row, uint64_t key) const {
    const KeyShape shape = key_shape(job_.config);
    if (shape == KeyShape::integer) batch.set_key(row, static_cast<int64_t>(key) - 100);
    if (shape != KeyShape::encoded) return;
    char encoded[64];  // At most a text of 13 bytes and an integer.
    char* end = encoded;
    for (const KeyField& field : job_.config.key) {
        if (field.type == FieldType::integer) {
            end = encode_integer(static_cast<int64_t>(key % 7) - 3, end);
        } else {
            std::string name = "name " + std::to_string(key);
            if (key % 5 == 0) name += '\0';
            end = encode_text(name, end);
        }
    }
    batch.set_key(row, std::string_view(encoded, static_cast<size_t>(end - encoded)));
}

void VerifySource::append(RecordBatch& batch, const Event& event) const {
    uint32_t row = 0;
    const uint64_t id = mix(event.id_number + job_.shape.seed);
    switch (job_.config.dedup.id_type) {
        case IdType::u64:
            row = batch.add(id, event.time_us, event.values.data());
            break;
        case IdType::u128:
            row = batch.add(id, mix(id + 1), event.time_us, event.values.data());
            break;
        case IdType::bytes: {
            char text[40];
            const int size =
                std::snprintf(text, sizeof text, "%" PRIu64 "/%" PRIx64, event.id_number, id);
            row = batch.add(std::string_view(text, static_cast<size_t>(size)), event.time_us,
                            event.values.data());
            break;
        }
    }
    batch.partition[row] = event.partition;
    set_key(batch, row, event.key);
}

Source::Poll VerifySource::poll(RecordBatch& batch, int64_t until_us) {
    batch.first_record = next_;
    for (; next_ < events_ && !batch.full(); ++next_) {
        const Event next = event(next_);
        if (next.time_us > until_us) {
            if (batch.count > 0) break;
            return {.state = State::held, .held_time_us = next.time_us, .status = {}};
        }
        append(batch, next);
    }
    return {
        .state = next_ == events_ ? State::ended : State::records, .held_time_us = 0, .status = {}};
}

}  // namespace trommel::verify
