#include "net/decode_options.h"

#include <functional>
#include <gtest/gtest.h>

#include "tests/net/decoded_records.h"

namespace trommel::net {
namespace {

DecodeOptions good(Format format) {
    DecodeOptions options;
    options.format = format;
    options.id = {"id", IdForm::u64};
    options.time.field = "time";
    options.key = {{"key", FieldType::integer}};
    options.values = {{"value", 2}};
    return options;
}

bool refused(const DecodeOptions& options, const Config& config) {
    const Status status = validate(options, config);
    EXPECT_EQ(status.ok(), status.message.empty());
    if (!status.ok()) {
        EXPECT_EQ(status.code, Code::invalid_config);
    }
    return !status.ok();
}

TEST(DecodeOptions, FittingOptionsAreAccepted) {
    for (const Format format : {Format::json, Format::csv, Format::binary}) {
        EXPECT_FALSE(refused(good(format), config_of(good(format))));
    }
}

TEST(DecodeOptions, WhatDoesNotFitTheConfigIsRefused) {
    const DecodeOptions options = good(Format::json);
    const std::function<void(Config&)> breaks[] = {
        [](Config& c) { c.dedup.id_type = IdType::bytes; },
        [](Config& c) { c.dedup.id_type = IdType::u128; },
        [](Config& c) { c.key.clear(); },
        [](Config& c) { c.key[0].type = FieldType::text; },
        [](Config& c) { c.values.clear(); },
        [](Config& c) { c.values[0].digits = 1; },
    };
    for (const auto& break_it : breaks) {
        Config config = config_of(options);
        break_it(config);
        EXPECT_TRUE(refused(options, config));
    }
}

TEST(DecodeOptions, EachFormOfIdHasItsType) {
    EXPECT_EQ(id_type(IdForm::u64), IdType::u64);
    EXPECT_EQ(id_type(IdForm::bytes), IdType::bytes);
    for (const IdForm form : {IdForm::u128, IdForm::uuid, IdForm::hex}) {
        EXPECT_EQ(id_type(form), IdType::u128);
    }
}

TEST(DecodeOptions, FramesHaveIntegersOnly) {
    const std::function<void(DecodeOptions&)> breaks[] = {
        [](DecodeOptions& o) { o.id.form = IdForm::bytes; },
        [](DecodeOptions& o) { o.id.form = IdForm::uuid; },
        [](DecodeOptions& o) { o.key[0].type = FieldType::text; },
        [](DecodeOptions& o) { o.key.push_back(o.key[0]); },
        [](DecodeOptions& o) { o.values.push_back(o.values[0]); },
        [](DecodeOptions& o) { o.partition = "p"; },
    };
    for (const auto& break_it : breaks) {
        DecodeOptions options = good(Format::binary);
        break_it(options);
        EXPECT_TRUE(refused(options, config_of(options)));
        options.format = Format::json;
        EXPECT_FALSE(refused(options, config_of(options)));
    }
}

TEST(DecodeOptions, ACsvDelimiterMustNotMeanSomethingElse) {
    for (const char delimiter : {'"', '\n', '\r', '\0', '\xE9'}) {
        DecodeOptions options = good(Format::csv);
        options.csv_delimiter = delimiter;
        EXPECT_TRUE(refused(options, config_of(options))) << delimiter;
    }
    for (const char delimiter : {';', '\t', '|', ' '}) {
        DecodeOptions options = good(Format::csv);
        options.csv_delimiter = delimiter;
        EXPECT_FALSE(refused(options, config_of(options))) << delimiter;
    }
}

TEST(DecodeOptions, RecordsMayBeOneByteTo16MiBLong) {
    DecodeOptions options = good(Format::json);
    for (const uint64_t bytes : {uint64_t{0}, (uint64_t{16} << 20) + 1}) {
        options.record_bytes_max = bytes;
        EXPECT_TRUE(refused(options, config_of(options))) << bytes;
    }
    for (const uint64_t bytes : {uint64_t{1}, uint64_t{16} << 20}) {
        options.record_bytes_max = bytes;
        EXPECT_FALSE(refused(options, config_of(options))) << bytes;
    }
}

}  // namespace
}  // namespace trommel::net
