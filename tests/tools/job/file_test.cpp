#include "tools/job/file.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "tools/job/text.h"

namespace trommel::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Read {
    Job job;
    std::vector<std::string> mistakes;
};

Read read(const std::string& text, const std::vector<Override>& overrides = {}) {
    Read result;
    Mistakes mistakes;
    read_job(text, "job.yaml", overrides, result.job, mistakes);
    for (const Mistake& mistake : mistakes.sorted()) result.mistakes.push_back(to_text(mistake));
    return result;
}

Read read_with(const std::string& text, const std::vector<std::string>& flags) {
    return read(text, all_overrides(flags));
}

std::string file_text(const std::string& name) {
    std::ifstream file(TROMMEL_TEST_DATA "/jobs/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// A job without a mistake; tests add lines to it. It has six lines.
const std::string kBase = R"(source: { type: file, path: in.ndjson }
decode:
  fields: { id: id, time: time, key: k, values: { x: x, y: { field: y, type: decimal, digits: 2 }}}
aggregates: { n: count }
windows: [ { name: w, size: 1m } ]
time: { out_of_order: 5s }
)";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
}

TEST(JobFile, TheExampleOfTheDesignIsRead) {
    const Read r = read(R"(version: 1
name: commits-per-week
source: { type: file, path: commits.ndjson }        # file | stdin | synthetic
decode:
  format: json                                      # json | csv | binary
  fields:
    partition: project                              # optional: a field that names the partition
    id: id
    time: { field: time, format: rfc3339 }          # rfc3339 | s | ms | us | ns
    key: [project, area]
    values: { insertions: insertions, deletions: deletions }
  on_error: dlq                                     # dlq | drop | fail
dedup: { mode: exact, horizon: 60d, scope: global }
time: { out_of_order: 30d, allowed_lateness: 7d, late: dlq }
aggregates: { count: count, sum_insertions: sum(insertions), min_insertions: min(insertions),
              max_insertions: max(insertions) }
windows:
  - { name: weekly, type: tumbling, size: 7d }
  - { name: monthly, type: sliding, size: 28d, every: 7d }
sinks: [ { type: file, path: out.csv, format: csv, time_format: us } ]
dlq: { type: file, path: dead.ndjson }
engine: { type: auto, threads: auto, memory: 4GiB, on_full: stop }
)");
    ASSERT_THAT(r.mistakes, IsEmpty());
    const int64_t day_us = 86'400'000'000;
    const Job& job = r.job;
    EXPECT_EQ(job.name, "commits-per-week");
    EXPECT_THAT(job.source.paths, ElementsAre("commits.ndjson"));
    EXPECT_EQ(job.decode.partition, "project");
    EXPECT_EQ(job.decode.id.field, "id");
    EXPECT_EQ(job.decode.time.form, net::TimeForm::rfc3339);
    ASSERT_EQ(job.config.key.size(), 2U);
    EXPECT_EQ(job.config.key[1].name, "area");
    ASSERT_EQ(job.config.values.size(), 2U);
    EXPECT_EQ(job.config.dedup.horizon_us, 60 * day_us);
    EXPECT_EQ(job.config.dedup.id_type, IdType::bytes);
    EXPECT_EQ(job.config.time.out_of_order_us, 30 * day_us);
    EXPECT_EQ(job.config.time.allowed_lateness_us, 7 * day_us);
    ASSERT_EQ(job.config.aggregates.size(), 4U);
    EXPECT_EQ(job.config.aggregates[3].name, "max_insertions");
    EXPECT_EQ(job.config.aggregates[3].kind, AggregateKind::max);
    ASSERT_EQ(job.config.windows.size(), 2U);
    EXPECT_EQ(job.config.windows[1].slide_us, 7 * day_us);
    ASSERT_EQ(job.sinks.size(), 1U);
    EXPECT_EQ(job.sinks[0].path, "out.csv");
    ASSERT_TRUE(job.dlq.has_value());
    EXPECT_EQ(job.late, DeadLetters::keep);
    EXPECT_EQ(job.corrupt, DeadLetters::keep);
    EXPECT_EQ(job.config.engine.memory_bytes, uint64_t{4} << 30);
}

TEST(JobFile, TheJobsThatWeShipAreRight) {
    for (const char* name : {"commits-per-week.yaml", "clicks-from-udp.yaml", "weekly-all.yaml",
                             "weekly-60d.yaml", "bursts.yaml"}) {
        EXPECT_THAT(read(file_text(name)).mistakes, IsEmpty()) << name;
    }
    EXPECT_THAT(read(kDemoJob).mistakes, IsEmpty());
    EXPECT_THAT(read(reference_job()).mistakes, IsEmpty());
    EXPECT_THAT(read(kBase).mistakes, IsEmpty());
}

TEST(JobFile, TheReferenceShowsTheDefaults) {
    const Config shown = read(reference_job()).job.config;
    const Config preset = read(kBase).job.config;
    EXPECT_EQ(shown.dedup.mode, preset.dedup.mode);
    EXPECT_EQ(shown.dedup.horizon_us, preset.dedup.horizon_us);
    EXPECT_EQ(shown.dedup.scope, preset.dedup.scope);
    EXPECT_EQ(shown.dedup.verify, preset.dedup.verify);
    EXPECT_EQ(shown.time.allowed_lateness_us, preset.time.allowed_lateness_us);
    EXPECT_EQ(shown.window_offset_us, preset.window_offset_us);
    EXPECT_EQ(shown.output, preset.output);
    EXPECT_EQ(shown.engine.threads, preset.engine.threads);
    EXPECT_EQ(shown.engine.memory_bytes, preset.engine.memory_bytes);
    EXPECT_EQ(shown.engine.shares.ids, preset.engine.shares.ids);
    EXPECT_EQ(shown.engine.shares.keys, preset.engine.shares.keys);
    EXPECT_EQ(shown.engine.shares.batches, preset.engine.shares.batches);
    EXPECT_EQ(shown.engine.on_full, preset.engine.on_full);
    EXPECT_EQ(shown.engine.batch_records, preset.engine.batch_records);
}

TEST(JobFile, WithoutADlqBadRecordsAreDropped) {
    const Read r = read(kBase);
    EXPECT_EQ(r.job.late, DeadLetters::drop);
    EXPECT_EQ(r.job.corrupt, DeadLetters::drop);
    EXPECT_FALSE(r.job.dlq.has_value());
}

TEST(JobFile, WithADlqTheyCanStillBeDropped) {
    const Read r = read(replaced(kBase, "5s", "5s, late: drop") + "dlq: { type: file, path: d }\n");
    ASSERT_THAT(r.mistakes, IsEmpty());
    EXPECT_EQ(r.job.late, DeadLetters::drop);
    EXPECT_EQ(r.job.corrupt, DeadLetters::keep);
}

TEST(JobFile, ADlqThatIsNotThereIsAMistake) {
    EXPECT_THAT(
        read(replaced(kBase, "5s", "5s, late: dlq")).mistakes,
        ElementsAre("job.yaml:6:33: error: time.late: the job has no dlq; add dlq: { type: file, "
                    "path: dead.ndjson } or write late: drop"));
}

TEST(JobFile, NoSinkMeansCsvOnStdout) {
    const Read r = read(kBase);
    ASSERT_EQ(r.job.sinks.size(), 1U);
    EXPECT_EQ(r.job.sinks[0].type, SinkJob::Type::standard_output);
    EXPECT_EQ(r.job.sinks[0].format, net::RowFormat::csv);
}

TEST(JobFile, TheNullSinkIsAWordAndNotAnAbsence) {
    const Read r = read(kBase + "sinks: [ { type: null } ]\n");
    ASSERT_THAT(r.mistakes, IsEmpty());
    EXPECT_EQ(r.job.sinks[0].type, SinkJob::Type::null);
    EXPECT_THAT(read(kBase + "sinks: [ { type: } ]\n").mistakes,
                ElementsAre("job.yaml:7:12: error: sinks[0].type has no value"));
}

// --- Mistakes ------------------------------------------------------------------------------------

TEST(JobFile, UnknownFieldsGetASuggestion) {
    EXPECT_THAT(
        read(kBase + "dedup: { horizn: 60d }\n").mistakes,
        ElementsAre(
            "job.yaml:7:10: error: unknown field 'dedup.horizn' (did you mean 'horizon'?)"));
    EXPECT_THAT(
        read(kBase + "egnine: { threads: 2 }\n").mistakes,
        ElementsAre("job.yaml:7:1: error: unknown field 'egnine' (did you mean 'engine'?)"));
    EXPECT_THAT(read(kBase + "zzz: 1\n").mistakes,
                ElementsAre("job.yaml:7:1: error: unknown field 'zzz'"));
}

TEST(JobFile, EverythingWrongIsReportedAtOnceInTheOrderOfTheFile) {
    const Read r = read(R"(source: { type: fil, path: in.ndjson }
decode:
  fields: { id: id, time: { field: time, format: rfc } }
  on_error: explode
dedup: { mode: exat, scope: global }
time:
  out_of_order: 5
windows:
  - { name: w, type: tumbling, size: 1m, every: 1m }
  - { type: session }
sinks: []
engine: { threads: 0, memory: 4G }
)");
    EXPECT_THAT(
        r.mistakes,
        ElementsAre(
            "job.yaml:1:17: error: source.type: 'fil' is none of file, stdin, synthetic, udp, "
            "tcp, unix, pcap, dpdk (did "
            "you "
            "mean 'file'?)",
            "job.yaml:3:50: error: decode.fields.time.format: 'rfc' is none of rfc3339, s, ms, "
            "us, ns",
            "job.yaml:4:13: error: decode.on_error: 'explode' is none of dlq, drop, fail",
            "job.yaml:5:16: error: dedup.mode: 'exat' is none of exact, approximate, off (did you "
            "mean 'exact'?)",
            "job.yaml:7:17: error: time.out_of_order: '5' has no unit; expected a duration such "
            "as 500ms, 10s, 5m, 1h or 2d",
            "job.yaml:9:42: error: windows[0].every: belongs to sliding windows",
            "job.yaml:10:5: error: missing field 'windows[1].name'; expected one such as name: "
            "weekly",
            "job.yaml:10:5: error: missing field 'windows[1].gap'; expected one such as gap: 30m",
            "job.yaml:11:8: error: sinks is not a list of outputs; expected - { type: file, path: "
            "out.csv }",
            "job.yaml:12:20: error: engine.threads: '0' is neither auto nor a number from 1 to 64",
            "job.yaml:12:31: error: engine.memory: '4G' has an unknown unit 'G'; the units are B, "
            "kB, MB, GB, TB, KiB, MiB, GiB and TiB"));
}

TEST(JobFile, RepeatedFieldsAreMistakes) {
    EXPECT_THAT(read(kBase + "name: a\nname: b\n").mistakes,
                ElementsAre("job.yaml:8:1: error: 'name' is given twice (first in line 7)"));
}

TEST(JobFile, WrongShapesAreMistakes) {
    EXPECT_THAT(
        read(kBase + "dedup: exact\n").mistakes,
        ElementsAre("job.yaml:7:8: error: dedup is a single value; expected fields, such as { "
                    "name: value }"));
    EXPECT_THAT(read(kBase + "name: [a, b]\n").mistakes,
                ElementsAre("job.yaml:7:7: error: name is a list; expected a single value"));
    EXPECT_THAT(read(kBase + "name:\n").mistakes,
                ElementsAre("job.yaml:7:1: error: name has no value"));
    EXPECT_THAT(
        read(replaced(kBase, "[ { name: w, size: 1m } ]", "{ name: w }")).mistakes,
        ElementsAre("job.yaml:5:10: error: windows is not a list; expected - { name: weekly, type: "
                    "tumbling, size: 7d }"));
}

TEST(JobFile, MissingSectionsAreMistakes) {
    EXPECT_THAT(
        read("name: x\nwindows: [ { name: w, size: 1m } ]\n").mistakes,
        ElementsAre("job.yaml:1:1: error: missing field 'source'; expected one such as source: { "
                    "type: file, path: events.ndjson }",
                    "job.yaml:1:1: error: missing field 'decode'; expected one such as decode: { "
                    "fields: { id: id, time: time } }"));
}

TEST(JobFile, WhatIsNoJobAtAllIsSaidSo) {
    EXPECT_THAT(read("").mistakes, ElementsAre("job.yaml:1:1: error: the job file is empty"));
    EXPECT_THAT(read("# only a comment\n").mistakes,
                ElementsAre("job.yaml:1:1: error: the job file is empty"));
    EXPECT_THAT(
        read("- a\n- b\n").mistakes,
        ElementsAre(
            "job.yaml:1:1: error: the job is a list; expected fields, such as { name: value }"));
    EXPECT_THAT(
        read(kBase + "---\nname: second\n").mistakes,
        ElementsAre("job.yaml:7:1: error: not valid YAML: a second document; a job file holds one "
                    "job"));
    EXPECT_THAT(read("a: b: c\n").mistakes,
                ElementsAre(HasSubstr("job.yaml:1:5: error: not valid YAML:")));
    EXPECT_THAT(read("[" + std::string(1000, '[')).mistakes, testing::SizeIs(1));
}

TEST(JobFile, YamlThatJobsDoWithoutIsRefused) {
    EXPECT_THAT(read(kBase + "name: &n x\n").mistakes,
                ElementsAre("job.yaml:7:7: error: anchors (&n) are not supported"));
    EXPECT_THAT(read(kBase + "name: !!str x\n").mistakes,
                ElementsAre("job.yaml:7:7: error: tags (!name) are not supported"));
    EXPECT_THAT(read(kBase + "<<: { name: x }\n").mistakes,
                ElementsAre("job.yaml:7:1: error: unknown field '<<'"));
}

TEST(JobFile, WhatIsPlannedIsRefusedByName) {
    const auto mistakes_of = [](const std::string& what, const std::string& with) {
        return read(replaced(kBase, what, with)).mistakes;
    };
    EXPECT_THAT(
        mistakes_of("type: file, path: in.ndjson", "type: kafka, topics: [a]"),
        ElementsAre(HasSubstr("1:17: error: source.type: 'kafka' is planned, not built yet")));
    EXPECT_THAT(
        mistakes_of("in.ndjson", "in.ndjson, follow: true"),
        ElementsAre(HasSubstr("1:40: error: source.follow: following a growing file is planned")));
    EXPECT_THAT(mistakes_of("n: count", "n: distinct(x)"),
                ElementsAre(HasSubstr("aggregates.n: 'distinct' is planned, not built yet")));
    EXPECT_THAT(
        mistakes_of("size: 1m", "size: 1m, early: 10s"),
        ElementsAre(
            "job.yaml:5:33: error: windows[0].early: early rows are planned, not built yet"));
    for (const char* line : {"checkpoint: { dir: d }", "filters: [ x ]", "http: { listen: x }",
                             "sinks: [ { type: clickhouse } ]", "dlq: { type: kafka, topic: t }",
                             "dedup: { scope: partition }"}) {
        EXPECT_THAT(read(kBase + line + "\n").mistakes,
                    ElementsAre(HasSubstr("planned, not built yet")))
            << line;
    }
}

TEST(JobFile, TwoOutputsCannotShareAFile) {
    EXPECT_THAT(
        read(kBase + "sinks: [ { type: file, path: o } ]\ndlq: { type: file, path: o }\n").mistakes,
        ElementsAre("job.yaml:8:26: error: dlq.path: 'o' is already taken by sinks[0]"));
    EXPECT_THAT(
        read(kBase + "sinks: [ { type: file, path: in.ndjson } ]\n").mistakes,
        ElementsAre(HasSubstr("sinks[0].path: 'in.ndjson' is already taken by the source")));
}

TEST(JobFile, FieldsOfAnotherModeAreMistakes) {
    EXPECT_THAT(read(kBase + "dedup: { mode: off, horizon: 1d }\n").mistakes,
                ElementsAre("job.yaml:7:21: error: dedup.horizon: has no meaning with mode: off"));
    EXPECT_THAT(read(kBase + "dedup: { capacity: 1M }\n").mistakes,
                ElementsAre("job.yaml:7:10: error: dedup.capacity: belongs to mode: approximate"));
    EXPECT_THAT(read(kBase + "dedup: { mode: approximate }\n").mistakes,
                ElementsAre(HasSubstr("missing field 'dedup.capacity'")));
    EXPECT_THAT(read(replaced(kBase, "fields:", "columns: [a]\n  fields:")).mistakes,
                ElementsAre("job.yaml:3:3: error: decode.columns: belongs to format: csv"));
    EXPECT_THAT(read(kBase + "sinks: [ { type: stdout, output: unique, format: csv } ]\n").mistakes,
                ElementsAre(HasSubstr("sinks[0].format: has no meaning with output: unique")));
    EXPECT_THAT(read(kBase + "output: unique\n").mistakes,
                ElementsAre(HasSubstr("job.yaml:7:1: error: output: belongs to a sink")));
}

// --- Aggregates ----------------------------------------------------------------------------------

TEST(JobFile, AggregatesTakeValuesAndDigits) {
    const Read r = read(replaced(kBase, "{ n: count }", R"(
  n: count()
  s: sum(x)
  m: avg( y )
  p: avg(x, 3)
  f: first(y)
  l: last(x))"));
    ASSERT_THAT(r.mistakes, IsEmpty());
    const auto& aggregates = r.job.config.aggregates;
    ASSERT_EQ(aggregates.size(), 6U);
    EXPECT_EQ(aggregates[0].kind, AggregateKind::count);
    EXPECT_EQ(aggregates[1].kind, AggregateKind::sum);
    EXPECT_EQ(aggregates[1].digits, 0);
    EXPECT_EQ(aggregates[2].digits, 2);  // Those of the value.
    EXPECT_EQ(aggregates[3].digits, 3);
    EXPECT_EQ(aggregates[3].value, 0U);
    EXPECT_EQ(aggregates[4].value, 1U);
    EXPECT_EQ(aggregates[5].kind, AggregateKind::last);
}

TEST(JobFile, WrongAggregatesSayWhatWouldBeRight) {
    const auto mistake_of = [](const std::string& text) {
        return read(replaced(kBase, "n: count", "n: " + text)).mistakes;
    };
    EXPECT_THAT(mistake_of("summ(x)"), ElementsAre(HasSubstr("(did you mean 'sum'?)")));
    EXPECT_THAT(
        mistake_of("sum(z)"),
        ElementsAre(
            "job.yaml:4:18: error: aggregates.n: there is no value 'z' in decode.fields.values"));
    EXPECT_THAT(mistake_of("sum"), ElementsAre(HasSubstr("'sum' needs a value: sum(x)")));
    EXPECT_THAT(mistake_of("count(x)"), ElementsAre(HasSubstr("count takes no argument")));
    EXPECT_THAT(mistake_of("\"sum(x, 2)\""),
                ElementsAre(HasSubstr("only avg takes a number of digits")));
    EXPECT_THAT(mistake_of("\"avg(x, 19)\""), ElementsAre(HasSubstr("digits from 0 to 18")));
    EXPECT_THAT(mistake_of("\"avg(x,)\""), ElementsAre(HasSubstr("is no aggregate")));
    EXPECT_THAT(mistake_of("\"sum(sum(x))\""), ElementsAre(HasSubstr("is no aggregate")));
}

TEST(JobFile, AnUnquotedCommaInBracesIsExplained) {
    EXPECT_THAT(
        read(replaced(kBase, "n: count", "n: avg(x, 3)")).mistakes,
        ElementsAre("job.yaml:4:18: error: aggregates.n: 'avg(x' lacks its closing parenthesis; "
                    "inside { } write it in quotes: \"avg(x, 3)\""));
}

// --- Contradictions ------------------------------------------------------------------------------

TEST(JobFile, ContradictionsPointAtTheField) {
    EXPECT_THAT(read(kBase + "dedup: { horizon: 10s }\n").mistakes,
                ElementsAre(HasSubstr(
                    "job.yaml:7:19: error: dedup.horizon: 10s is less than out_of_order + "
                    "allowed_lateness + pane")));
    EXPECT_THAT(read(kBase + "engine: { memory: 1MiB }\n").mistakes,
                ElementsAre(HasSubstr("job.yaml:7:19: error: engine.memory: ")));
    EXPECT_THAT(
        read(replaced(kBase, "size: 1m }",
                      "size: 1m }, { name: v, type: sliding, size: 7s, every: 2s }"))
            .mistakes,
        ElementsAre(HasSubstr("job.yaml:5:67: error: windows[1].size: 7s is not a multiple")));
}

TEST(JobFile, ContradictionsWithAFieldThatCannotBeReadAreNotGuessedAt) {
    const std::string text = replaced(kBase, "5s", "5 seconds") + "dedup: { horizon: 1h }\n";
    EXPECT_THAT(read(text).mistakes, ElementsAre(HasSubstr("time.out_of_order: '5 seconds'")));
}

TEST(JobFile, ASyntheticStreamThatCannotBeIsAMistake) {
    const std::string job =
        "source: { type: synthetic, duplicates: 60%, late: 60% }\n"
        "time: { out_of_order: 5s }\nwindows: [ { name: w, size: 1m } ]\n";
    EXPECT_THAT(read(job).mistakes,
                ElementsAre(HasSubstr("job.yaml:1:51: error: source.late: the shares")));
    EXPECT_THAT(read(job + "decode: { format: json }\n").mistakes,
                Contains(HasSubstr("decode: a synthetic source needs none")));
}

// --- Overrides -----------------------------------------------------------------------------------

TEST(JobFile, OverridesReplaceAndAddFields) {
    const Read r =
        read_with(kBase, {"engine.threads=2", "source.path=other.ndjson", "windows[0].size=1d",
                          "windows[1]={ name: v, type: session, gap: 1h }", "sinks[0].type=stdout",
                          "sinks[0].format=json"});
    ASSERT_THAT(r.mistakes, IsEmpty());
    EXPECT_EQ(r.job.config.engine.threads, 2U);
    EXPECT_THAT(r.job.source.paths, ElementsAre("other.ndjson"));
    EXPECT_EQ(r.job.config.windows[0].size_us, 86'400'000'000);
    EXPECT_EQ(r.job.config.windows[1].gap_us, 3'600'000'000);
    EXPECT_EQ(r.job.sinks[0].format, net::RowFormat::json);
}

TEST(JobFile, TheLastOverrideWins) {
    EXPECT_EQ(read_with(kBase, {"engine.threads=2", "engine.threads=3"}).job.config.engine.threads,
              3U);
}

TEST(JobFile, MistakesInAnOverridePointAtTheFlag) {
    EXPECT_THAT(
        read_with(kBase, {"engine.threads=many"}).mistakes,
        ElementsAre("-s engine.threads=many: error: engine.threads: 'many' is neither auto nor a "
                    "number from 1 to 64"));
    EXPECT_THAT(
        read_with(kBase, {"engine.thread=2"}).mistakes,
        ElementsAre("-s engine.thread=2: error: unknown field 'engine.thread' (did you mean "
                    "'threads'?)"));
    EXPECT_THAT(read_with(kBase, {"dedup.horizon=1s"}).mistakes,
                ElementsAre(HasSubstr("-s dedup.horizon=1s: error: dedup.horizon: ")));
    EXPECT_THAT(read_with(kBase, {"threads"}).mistakes,
                ElementsAre(HasSubstr("expected PATH=VALUE")));
    EXPECT_THAT(read_with(kBase, {"windows[7].size=1d"}).mistakes,
                ElementsAre(HasSubstr("names no entry of a list")));
    EXPECT_THAT(read_with(kBase, {"aggregates.n.digits=1"}).mistakes,
                ElementsAre(HasSubstr("leads through something without fields")));
    for (const char* flag : {"=1", ".a=1", "a..b=1", "a[x]=1", "a[0=1", "[0]=1",
                             "a[99999999999999999999]=1", "a[0]b=1", "a.[0]=1", "a.=1"}) {
        EXPECT_THAT(read_with(kBase, {flag}).mistakes, Contains(HasSubstr("expected PATH=VALUE")))
            << flag;
    }
}

TEST(JobFile, MistakesOfTheFileComeBeforeThoseOfFlags) {
    EXPECT_THAT(read_with(kBase + "zzz: 1\n", {"yyy=1"}).mistakes,
                ElementsAre(HasSubstr("job.yaml:7:1"), HasSubstr("-s yyy=1")));
}

// --- Sources and decoding ------------------------------------------------------------------------

TEST(JobFile, PathsMayBeAList) {
    const Read r = read(replaced(kBase, "in.ndjson", "[a.gz, 'b*.zst']"));
    ASSERT_THAT(r.mistakes, IsEmpty());
    EXPECT_THAT(r.job.source.paths, ElementsAre("a.gz", "b*.zst"));
    EXPECT_THAT(read(replaced(kBase, "in.ndjson", "[]")).mistakes,
                ElementsAre("job.yaml:1:29: error: source.path is an empty list"));
}

TEST(JobFile, IdsAndKeysHaveTypes) {
    const Read r = read(replaced(kBase, "id: id, time: time, key: k",
                                 "id: { field: i, type: uuid }, time: { field: t, format: ms }, "
                                 "key: [{ field: a, type: int }, b]"));
    ASSERT_THAT(r.mistakes, IsEmpty());
    EXPECT_EQ(r.job.decode.id.form, net::IdForm::uuid);
    EXPECT_EQ(r.job.config.dedup.id_type, IdType::u128);
    EXPECT_EQ(r.job.decode.time.form, net::TimeForm::ms);
    EXPECT_EQ(r.job.config.key[0].type, FieldType::integer);
    EXPECT_EQ(r.job.config.key[1].type, FieldType::text);
}

TEST(JobFile, ValuesMayHaveAnotherNameThanTheirField) {
    const Read r = read(replaced(kBase, "x: x", "x: amount"));
    ASSERT_THAT(r.mistakes, IsEmpty());
    EXPECT_EQ(r.job.config.values[0].name, "x");
    EXPECT_EQ(r.job.decode.values[0].name, "amount");
    EXPECT_EQ(r.job.config.values[1].digits, 2);
}

TEST(JobFile, BinaryFramesNeedNoFields) {
    const std::string job =
        "source: { type: stdin }\ndecode: { format: binary }\n"
        "aggregates: { s: sum(value) }\nwindows: [ { name: w, size: 1m } ]\n";
    const Read r = read(job);
    ASSERT_THAT(r.mistakes, IsEmpty());
    EXPECT_EQ(r.job.config.dedup.id_type, IdType::u64);
    EXPECT_EQ(r.job.config.key[0].type, FieldType::integer);
    EXPECT_THAT(r.job.source.paths, ElementsAre("-"));
}

}  // namespace
}  // namespace trommel::tools
