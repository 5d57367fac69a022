#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "trommel/record_batch.h"

namespace trommel::net {

// From the bytes of one connection to rows: what is cut anywhere is put together again, within a
// bounded buffer.
class Connection {
   public:
    // How what follows the bytes at hand.
    enum class End : uint8_t {
        none,      // There may be more.
        finished,  // The other side has sent all it will.
        broken,    // It broke, or we end it: a record that has begun is not whole.
    };
    enum class State : uint8_t {
        hungry,   // All whole records are rows. After an End: nothing is left.
        full,     // The batch is; to be called again with the next one, before any other.
        damaged,  // Nothing that follows can be trusted; it made a corrupt row.
        refused,  // One partition more than there may be.
    };
    struct Taken {
        State state = State::hungry;
        bool records = false;  // A record or frame was whole, perhaps a damaged one.
        bool lines = false;    // Or at least something that needs no waiting for, as blank lines.
    };

    virtual ~Connection() = default;

    // Makes rows of what was left before and of `bytes`, which are at most room().
    virtual Taken take(std::string_view bytes, End end, RecordBatch& batch) = 0;
    // Whether take() has something to do without new bytes.
    virtual bool has_records() const = 0;
    virtual size_t room() const = 0;
    // The partitions that are this connection's alone, and rest when it ends.
    virtual std::span<const uint32_t> partitions() const = 0;
    // Its senders have said that they are done.
    virtual bool done() const { return false; }
};

}  // namespace trommel::net
