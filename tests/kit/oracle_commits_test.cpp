// The oracle on the real stream of tests/data: four jobs whose output was made by oracle.py.
#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdio.h>
#include <string_view>

#include "tests/kit/oracle.h"
#include "tests/kit/oracle_csv.h"
#include "tests/kit/temporary_directory.h"

namespace trommel::testkit {
namespace {

const std::string kData = TROMMEL_TEST_DATA;

std::string output_of(const std::string& command) {
    std::string output;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::array<char, 65536> buffer;
    while (const size_t size = fread(buffer.data(), 1, buffer.size(), pipe.get())) {
        output.append(buffer.data(), size);
    }
    return output;
}

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Commit {
    std::string id, project, area;
    int64_t time_us = 0;
    std::array<int64_t, 3> changed{};  // files, insertions, deletions
};

// Reads exactly the shape that every readable line of this stream has, and nothing else.
class LineReader {
   public:
    explicit LineReader(std::string_view line) : rest_(line) {}

    bool read(Commit& commit) {
        std::string time;
        return text("{\"id\":\"", commit.id) && text("\",\"project\":\"", commit.project) &&
               text("\",\"area\":\"", commit.area) && text("\",\"time\":\"", time) &&
               read_time(time, commit.time_us) && number("\",\"files\":", commit.changed[0]) &&
               number(",\"insertions\":", commit.changed[1]) &&
               number(",\"deletions\":", commit.changed[2]) && rest_ == "}";
    }

   private:
    bool skip(std::string_view literal) {
        if (!rest_.starts_with(literal)) return false;
        rest_.remove_prefix(literal.size());
        return true;
    }
    bool text(std::string_view before, std::string& out) {
        if (!skip(before)) return false;
        const size_t size = rest_.find('"');
        if (size == std::string_view::npos) return false;
        out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return true;
    }
    bool number(std::string_view before, int64_t& out) {
        if (!skip(before)) return false;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
        rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
        return error == std::errc();
    }
    // 2013-10-04T19:12:26Z
    static bool read_time(const std::string& time, int64_t& out) {
        int year, month, day, hour, minute, second;
        char z = 0, more = 0;
        const int fields = sscanf(time.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%c%c", &year, &month, &day,
                                  &hour, &minute, &second, &z, &more);
        if (fields != 7 || z != 'Z') return false;
        const std::chrono::sys_days date = std::chrono::year(year) / month / day;
        const int64_t seconds =
            date.time_since_epoch().count() * int64_t{86400} + hour * 3600 + minute * 60 + second;
        out = seconds * 1'000'000;
        return true;
    }

    std::string_view rest_;
};

constexpr int64_t kDay = 86'400'000'000;

// A job on the commits: which of files, insertions and deletions are its values, and is area a key?
struct Job {
    Config config;
    std::vector<size_t> values;
    bool area = false;
};

Job job_of(std::vector<size_t> values, bool area, std::vector<Window> windows) {
    static const std::vector<std::string> kNames = {"files", "insertions", "deletions"};
    Job job{{}, std::move(values), area};
    job.config.key = {{"project", FieldType::text}};
    if (area) job.config.key.push_back({"area", FieldType::text});
    job.config.windows = std::move(windows);
    job.config.aggregates = {{"count", AggregateKind::count}};
    for (uint32_t v = 0; v < job.values.size(); ++v) {
        const std::string& name = kNames[job.values[v]];
        job.config.values.push_back({name});
        job.config.aggregates.push_back({"sum_" + name, AggregateKind::sum, v});
        job.config.aggregates.push_back({"min_" + name, AggregateKind::min, v});
        job.config.aggregates.push_back({"max_" + name, AggregateKind::max, v});
    }
    return job;
}

void forget_after_60_days(Config& config, int64_t allowed_lateness_us) {
    config.dedup.horizon_us = 60 * kDay;
    config.time.out_of_order_us = 30 * kDay;
    config.time.allowed_lateness_us = allowed_lateness_us;
}

class OracleCommits : public testing::Test {
   protected:
    static void SetUpTestSuite() {
        lines_ = output_of("gzip -dc '" + kData + "/commits.ndjson.gz'");
    }

    static Oracle run(const Job& job) {
        Oracle oracle(job.config);
        std::map<std::string, uint32_t> partitions;
        std::istringstream lines(lines_);
        for (std::string line; std::getline(lines, line);) {
            OracleEvent event;
            Commit commit;
            event.corrupt = !LineReader(line).read(commit);
            event.id = commit.id;
            event.time_us = commit.time_us;
            event.key.push_back({FieldType::text, 0, commit.project});
            if (job.area) event.key.push_back({FieldType::text, 0, commit.area});
            for (const size_t v : job.values) event.values.push_back(commit.changed[v]);
            const auto next = static_cast<uint32_t>(partitions.size());
            event.partition =
                event.corrupt ? kSource : partitions.emplace(commit.project, next).first->second;
            oracle.push(event);
        }
        return oracle;
    }

    static std::string sha256(const std::string& content) {
        const TemporaryDirectory directory;
        std::ofstream(directory.file("rows.csv"), std::ios::binary) << content;
        return output_of("sha256sum < '" + directory.file("rows.csv") + "'").substr(0, 64);
    }

    static constexpr uint32_t kSource = 100;
    static inline std::string lines_;
};

const Window kWeekly = {"weekly", WindowKind::tumbling, 7 * kDay, 7 * kDay, 0};

TEST_F(OracleCommits, WeeksOfTheWholeStreamAreAsExpected) {
    const Job job = job_of({0, 1, 2}, false, {kWeekly});
    const Oracle oracle = run(job);
    EXPECT_EQ(to_text(oracle.ledger()),
              "in=117798 unique=105596 duplicate=12131 late=0 corrupt=71 filtered=0 refused=0");
    EXPECT_TRUE(to_csv(job.config, oracle.rows()) ==
                content_of(kData + "/expected/weekly-all.csv"));
}

TEST_F(OracleCommits, WeeksWithAHorizonOfSixtyDaysAreAsExpected) {
    Job job = job_of({0, 1, 2}, false, {kWeekly});
    forget_after_60_days(job.config, 7 * kDay);
    const Oracle oracle = run(job);
    EXPECT_EQ(to_text(oracle.ledger()),
              "in=117798 unique=101031 duplicate=11396 late=5300 corrupt=71 filtered=0 refused=0");
    EXPECT_TRUE(to_csv(job.config, oracle.rows()) ==
                content_of(kData + "/expected/weekly-60d.csv"));
}

TEST_F(OracleCommits, WeeksAndSlidingMonthsTogetherAreAsExpected) {
    const Window monthly = {"monthly", WindowKind::sliding, 28 * kDay, 7 * kDay, 0};
    Job job = job_of({1}, true, {kWeekly, monthly});
    forget_after_60_days(job.config, 7 * kDay);
    const Oracle oracle = run(job);
    EXPECT_EQ(to_text(oracle.ledger()),
              "in=117798 unique=101031 duplicate=11396 late=5300 corrupt=71 filtered=0 refused=0");
    const std::vector<OracleRow> rows = oracle.rows();
    EXPECT_EQ(rows.size(), 122672u);
    EXPECT_EQ(sha256(to_csv(job.config, rows)),
              "10391d25750b93c76cf3116be0c711f352ccb72f932e1ac53e4086323ea4c0d1");
}

TEST_F(OracleCommits, SessionsAreAsExpected) {
    const Window burst = {"burst", WindowKind::session, 0, 0, kDay};
    Job job = job_of({1, 2}, true, {burst});
    forget_after_60_days(job.config, 0);
    const Oracle oracle = run(job);
    EXPECT_EQ(to_text(oracle.ledger()),
              "in=117798 unique=98362 duplicate=11028 late=8337 corrupt=71 filtered=0 refused=0");
    const std::vector<OracleRow> rows = oracle.rows();
    EXPECT_EQ(rows.size(), 39676u);
    EXPECT_EQ(sha256(to_csv(job.config, rows)),
              "cd9f4d40894efa3ec7ced35d0c5efdbdb512fffa881cc12a0beb986ededc0865");
}

TEST_F(OracleCommits, EveryDamagedLineBelongsToTheSource) {
    const Oracle oracle = run(job_of({0}, false, {kWeekly}));
    ASSERT_EQ(oracle.partitions().size(), 6u);
    EXPECT_EQ(oracle.partitions().at(kSource)[Verdict::corrupt], 71u);
    uint64_t in = 0;
    for (const auto& [partition, ledger] : oracle.partitions()) {
        EXPECT_TRUE(ledger.adds_up());
        in += ledger.in;
    }
    EXPECT_EQ(in, oracle.ledger().in);
}

}  // namespace
}  // namespace trommel::testkit
