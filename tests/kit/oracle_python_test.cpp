// The two oracles, oracle.h and oracle.py, on random jobs: two programs, one contract.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "tests/kit/oracle.h"
#include "tests/kit/oracle_csv.h"
#include "tests/kit/random_job.h"
#include "tests/kit/temporary_directory.h"

namespace trommel::testkit {
namespace {

constexpr int kJobs = 250;

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string hex(const std::string& bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += kDigits[static_cast<unsigned char>(c) >> 4];
        text += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

bool out_of_range(int64_t time_us) {
    return time_us <= -kTimeLimitUs || time_us >= kTimeLimitUs;
}

// Nothing: the year does not have four digits.
std::optional<std::string> rfc3339(int64_t time_us) {
    using namespace std::chrono;
    const sys_time<microseconds> time{microseconds(time_us)};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    const int year = static_cast<int>(date.year());
    if (year < 1 || year > 9999) return std::nullopt;
    char text[64];
    snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", year,
             static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
             static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
             static_cast<int>(clock.seconds().count()),
             static_cast<int>(clock.subseconds().count()));
    return text;
}

// A random job, cut down to what oracle.py knows: ids and texts as hex, no decimals, no avg, no
// partitions known from the start.
struct PythonJob {
    RandomJob job;
    std::vector<std::string> lines;  // One per event.
    bool ends = false;

    std::string arguments() const;
};

void use_python_aggregates(PythonJob& python) {
    Config& config = python.job.config;
    config.aggregates = {{"count", AggregateKind::count}};
    for (uint32_t v = 0; v < config.values.size(); ++v) {
        ValueField& value = config.values[v];
        value.digits = 0;
        config.aggregates.push_back({"sum_" + value.name, AggregateKind::sum, v});
        config.aggregates.push_back({"min_" + value.name, AggregateKind::min, v});
        config.aggregates.push_back({"max_" + value.name, AggregateKind::max, v});
        if (!python.ends) continue;
        config.aggregates.push_back({"first_" + value.name, AggregateKind::first, v});
        config.aggregates.push_back({"last_" + value.name, AggregateKind::last, v});
    }
}

std::string json_line(const Config& config, const OracleEvent& event, const std::string& time) {
    std::string line = "{\"id\":\"" + event.id + "\",\"time\":\"" + time + "\",\"source\":\"p" +
                       std::to_string(event.partition) + "\"";
    for (size_t k = 0; k < config.key.size(); ++k) {
        const KeyPart& part = event.key[k];
        line += ",\"" + config.key[k].name + "\":";
        line += part.type == FieldType::integer ? std::to_string(part.integer)
                                                : "\"" + part.text + "\"";
    }
    for (size_t v = 0; v < config.values.size(); ++v) {
        line += ",\"" + config.values[v].name + "\":" + std::to_string(event.values[v]);
    }
    return line + "}";
}

std::optional<PythonJob> python_job(uint64_t seed) {
    PythonJob python{random_job(seed), {}, seed % 2 == 0};
    Config& config = python.job.config;
    config.dedup.mode = DedupMode::exact;
    config.window_offset_us = std::abs(config.window_offset_us);
    use_python_aggregates(python);
    const int64_t max_us = config.time.max_time_us.value_or(INT64_MAX);
    for (OracleEvent& event : python.job.events) {
        event.id = hex(event.id);
        for (KeyPart& part : event.key) part.text = hex(part.text);
        if (event.corrupt || out_of_range(event.time_us) || event.time_us > max_us) {
            python.lines.push_back(event.time_us < 0 ? "{\"id\":\"" : "\xFF");
            continue;
        }
        const std::optional<std::string> time = rfc3339(event.time_us);
        if (!time) return std::nullopt;
        python.lines.push_back(json_line(config, event, *time));
    }
    return python;
}

std::string window_argument(const Window& window) {
    const auto us = [](int64_t duration) { return std::to_string(duration) + "us"; };
    switch (window.kind) {
        case WindowKind::tumbling:
            return window.name + "=tumbling:" + us(window.size_us);
        case WindowKind::sliding:
            return window.name + "=sliding:" + us(window.size_us) + "/" + us(window.slide_us);
        case WindowKind::session:
            break;
    }
    return window.name + "=session:" + us(window.gap_us);
}

std::string PythonJob::arguments() const {
    const Config& config = job.config;
    std::string keys, values, text;
    for (const KeyField& key : config.key) {
        keys += (keys.empty() ? "" : ",") + key.name;
        if (key.type == FieldType::integer) keys += ":int";
    }
    for (const ValueField& value : config.values) {
        values += (values.empty() ? "" : ",") + value.name;
    }
    const auto add = [&](const std::string& name, const std::string& value) {
        text += "\t--" + name + "\t" + value;
    };
    const auto add_us = [&](const std::string& name, int64_t us) {
        add(name, std::to_string(us) + "us");
    };
    add("partition", "source");
    add("key", keys);
    add("value", values);
    add("scope", config.dedup.scope == Scope::key ? "key" : "global");
    if (config.dedup.horizon_us != kForeverUs) add_us("horizon", config.dedup.horizon_us);
    if (config.time.out_of_order_us) add_us("out-of-order", *config.time.out_of_order_us);
    if (config.time.max_drift_us) add_us("max-drift", *config.time.max_drift_us);
    add_us("lateness", config.time.allowed_lateness_us);
    add_us("offset", config.window_offset_us);
    for (const Window& window : config.windows) add("window", window_argument(window));
    if (ends) text += "\t--ends";
    return text;
}

std::vector<PythonJob> jobs_in(const TemporaryDirectory& directory) {
    std::vector<PythonJob> jobs;
    std::ofstream list(directory.file("jobs"));
    for (uint64_t seed = 1; jobs.size() < kJobs; ++seed) {
        std::optional<PythonJob> job = python_job(seed);
        if (!job) continue;
        const std::string base = directory.file(std::to_string(seed));
        std::ofstream stream(base + ".ndjson", std::ios::binary);
        for (const std::string& line : job->lines) stream << line << '\n';
        list << base << ".csv\t" << base << ".ledger\t" << base << ".ndjson\t--unique\t" << base
             << ".unique" << job->arguments() << '\n';
        jobs.push_back(std::move(*job));
    }
    return jobs;
}

void compare(const TemporaryDirectory& directory, const PythonJob& python) {
    const RandomJob& job = python.job;
    SCOPED_TRACE("seed " + std::to_string(job.seed) + ": " + to_text(job.config));
    const std::string base = directory.file(std::to_string(job.seed));
    Oracle oracle(job.config);
    std::string unique;
    for (size_t i = 0; i < job.events.size(); ++i) {
        if (oracle.push(job.events[i]) == Verdict::unique) unique += python.lines[i] + '\n';
    }
    // oracle.py knows neither filters nor memory limits.
    const std::string ledger = to_text(oracle.ledger());
    EXPECT_EQ(ledger.substr(0, ledger.find(" filtered")) + "\n", content_of(base + ".ledger"));
    EXPECT_TRUE(unique == content_of(base + ".unique"));
    EXPECT_EQ(to_csv(job.config, oracle.rows()), content_of(base + ".csv"));
}

TEST(OraclePython, BothOraclesGiveTheSameAnswerToRandomJobs) {
    const TemporaryDirectory directory;
    ASSERT_FALSE(directory.path().empty());
    const std::vector<PythonJob> jobs = jobs_in(directory);
    const std::string kit = std::string(TROMMEL_TEST_DATA) + "/../kit";
    const std::string command =
        "python3 -B '" + kit + "/oracle_many.py' '" + directory.file("jobs") + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    for (const PythonJob& job : jobs) compare(directory, job);
}

}  // namespace
}  // namespace trommel::testkit
