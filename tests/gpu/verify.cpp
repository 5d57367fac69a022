// Do two engines give the same answers? Runs the same seeded streams through both and compares
// digests of every verdict and every row. Needs nothing but the engine: no test framework.
//
//   gpu_verify ONE OTHER [--events N] [--batch N] [--job NAME]...
//
// ONE and OTHER are cpu, cpu:SHARDS or gpu. N events of each job (2 M); the second engine gets
// batches of another size, so that answers cannot depend on it. Exit codes: 0 the same, 1 not the
// same, 64 usage, 69 an engine cannot be had here.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tests/gpu/verify_answer.h"
#include "tests/gpu/verify_job.h"

namespace trommel::verify {
namespace {

constexpr int kSame = 0, kDifferent = 1, kUsage = 64, kNoEngine = 69;

struct Options {
    bench::EngineSide one, other;
    uint64_t events = 2'000'000;
    uint32_t batch_records = 65536;
    std::vector<std::string_view> jobs;  // Empty: all.
};

template <class T>
bool parse_number(std::string_view text, T& number) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && stop == text.data() + text.size() && number > 0;
}

bool parse(const std::vector<std::string_view>& words, Options& options) {
    if (words.size() < 2 || !bench::parse_engine_side(words[0], options.one) ||
        !bench::parse_engine_side(words[1], options.other)) {
        return false;
    }
    for (size_t i = 2; i + 1 < words.size(); i += 2) {
        if (words[i] == "--events" && parse_number(words[i + 1], options.events)) continue;
        if (words[i] == "--batch" && parse_number(words[i + 1], options.batch_records)) continue;
        if (words[i] != "--job") return false;
        options.jobs.push_back(words[i + 1]);
    }
    return words.size() % 2 == 0 && options.batch_records <= 65536;
}

// Prints what the job came to; false when the engines disagree.
bool agree(const Job& job, const Options& options) {
    const Answer one = answer(job, options.one, options.events, options.batch_records);
    const Answer other = answer(job, options.other, options.events, options.batch_records / 3 + 1);
    const std::string found = difference(one, other);
    std::printf("%-36s %s %s %9.2f s %9.2f s  %s\n", job.name.c_str(), one.verdicts.c_str(),
                one.rows.c_str(), one.seconds, other.seconds,
                found.empty() ? "same" : found.c_str());
    std::printf("%-36s in=%llu unique=%llu duplicate=%llu late=%llu rows=%llu\n", "",
                static_cast<unsigned long long>(one.ledger.in),
                static_cast<unsigned long long>(one.ledger[Verdict::unique]),
                static_cast<unsigned long long>(one.ledger[Verdict::duplicate]),
                static_cast<unsigned long long>(one.ledger[Verdict::late]),
                static_cast<unsigned long long>(one.row_count));
    std::fflush(stdout);
    return found.empty();
}

int run(const std::vector<std::string_view>& words) {
    Options options;
    if (!parse(words, options)) {
        std::fprintf(stderr,
                     "usage: gpu_verify cpu|cpu:SHARDS|gpu cpu|cpu:SHARDS|gpu"
                     " [--events N] [--batch N] [--job NAME]...\n");
        return kUsage;
    }
    for (const bench::EngineSide& side : {options.one, options.other}) {
        Config config;
        config.engine.type = side.engine;
        if (const Status status = to_status(validate(config)); !status.ok()) {
            std::fprintf(stderr, "gpu_verify: %s\n", status.message.c_str());
            return kNoEngine;
        }
    }
    size_t ran = 0, disagreed = 0;
    for (const Job& job : all_jobs()) {
        const bool wanted =
            options.jobs.empty() || std::count(options.jobs.begin(), options.jobs.end(), job.name);
        if (!wanted) continue;
        ++ran;
        if (!agree(job, options)) ++disagreed;
    }
    std::printf("%zu of %zu jobs gave the same answers\n", ran - disagreed, ran);
    return ran > 0 && disagreed == 0 ? kSame : kDifferent;
}

}  // namespace
}  // namespace trommel::verify

int main(int argc, char** argv) {
    return trommel::verify::run({argv + 1, argv + argc});
}
