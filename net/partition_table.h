#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "trommel/config.h"

namespace trommel::net {

// The partitions of one source by name, numbered in order of discovery (trommel/source.h).
class PartitionTable {
   public:
    // Partition 0 is there from the start and is never found by name.
    explicit PartitionTable(std::string_view first) : first_(first) {}

    // The number of the partition called `name`, which is made when new; false when there are
    // kPartitionsMax already.
    bool find_or_add(std::string_view name, uint32_t& partition) {
        if (last_ == nullptr || last_->first != name) {
            auto found = numbers_.find(name);
            if (found == numbers_.end()) {
                if (count() == kPartitionsMax) return false;
                found = numbers_.emplace(name, count()).first;
                names_.push_back(found->first);
            }
            last_ = &*found;  // Nodes never move.
        }
        partition = last_->second;
        return true;
    }

    uint32_t count() const { return static_cast<uint32_t>(names_.size()) + 1; }
    std::string_view name(uint32_t partition) const {
        return partition == 0 ? std::string_view(first_) : names_[partition - 1];
    }

   private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using Numbers = std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>>;

    std::string first_;
    Numbers numbers_;
    std::vector<std::string_view> names_;        // Into numbers_.
    const Numbers::value_type* last_ = nullptr;  // Records of a partition come in runs.
};

}  // namespace trommel::net
