#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace trommel::cuda {

// Threads that do one job after the other together. One caller.
class Crew {
   public:
    explicit Crew(uint32_t threads) {
        for (uint32_t t = 0; t < threads; ++t) {
            threads_.emplace_back([this, t] { live(t); });
        }
    }
    ~Crew() {
        {
            const std::lock_guard lock(mutex_);
            ends_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    uint32_t size() const { return static_cast<uint32_t>(threads_.size()); }

    // Calls job(t) on every thread t and returns when all have ended.
    void run(const std::function<void(uint32_t)>& job) {
        std::unique_lock lock(mutex_);
        job_ = &job;
        busy_ = size();
        ++round_;
        wake_.notify_all();
        ended_.wait(lock, [this] { return busy_ == 0; });
    }

   private:
    void live(uint32_t index) {
        uint64_t seen = 0;
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [&] { return ends_ || round_ != seen; });
            if (ends_) return;
            seen = round_;
            const std::function<void(uint32_t)>& job = *job_;
            lock.unlock();
            job(index);
            lock.lock();
            if (--busy_ == 0) ended_.notify_one();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_, ended_;
    const std::function<void(uint32_t)>* job_ = nullptr;
    uint64_t round_ = 0;
    uint32_t busy_ = 0;
    bool ends_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace trommel::cuda
