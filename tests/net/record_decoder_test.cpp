#include "net/record_decoder.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/net/decoded_records.h"

namespace trommel::net {
namespace {

// Lines of id,time: the shortest records there are.
DecodeOptions line_options() {
    DecodeOptions options;
    options.format = Format::csv;
    options.csv_columns = {"id", "t"};
    options.id.field = "id";
    options.time = {"t", TimeForm::us};
    return options;
}

// Each record as "number@offset:raw" (and its detail), one after another.
std::string outline(const std::vector<DecodedRecord>& records) {
    std::string text;
    for (const DecodedRecord& r : records) {
        text += std::to_string(r.number) + "@" + std::to_string(r.offset) + ":" + r.raw;
        text += r.corrupt() ? "!" + r.detail + " " : " ";
    }
    return text;
}

std::string outline(const std::string& bytes, const DecodeOptions& options = line_options()) {
    const std::string whole = outline(decode_all(bytes, options));
    for (const Cuts cuts :
         {Cuts{1, 65}, Cuts{2, 66}, Cuts{3, 71}, Cuts{1, 1 << 20}, Cuts{4096, 70}}) {
        EXPECT_EQ(outline(decode_all(bytes, options, cuts)), whole) << cuts.chunk_bytes;
    }
    return whole;
}

TEST(RecordDecoder, EmptyInputHasNoRecords) {
    EXPECT_EQ(outline(""), "");
    EXPECT_EQ(outline("\n"), "");
    EXPECT_EQ(outline("\xEF\xBB\xBF"), "");
    EXPECT_EQ(outline("\xEF\xBB\xBF\r\n"), "");
}

TEST(RecordDecoder, TheLastRecordNeedsNoLineEnd) {
    EXPECT_EQ(outline("a,1\nb,2"), "0@0:a,1 1@4:b,2 ");
    EXPECT_EQ(outline("a,1\nb,2\n"), "0@0:a,1 1@4:b,2 ");
}

TEST(RecordDecoder, LineEndsAreNotPartOfARecord) {
    EXPECT_EQ(outline("a,1\r\nb,2\r\n"), "0@0:a,1 1@5:b,2 ");
    // Only one carriage return belongs to a line end, and one without a line feed to none.
    EXPECT_EQ(outline("a,1\r\r\n"), "0@0:a,1\r!field 't': not a plain decimal number ");
    EXPECT_EQ(outline("a\r,1\n"), "0@0:a\r,1 ");
}

TEST(RecordDecoder, BlankLinesCountAsBytesButNotAsRecords) {
    EXPECT_EQ(outline("\n\r\n \t \n\v\f\na,1\n\n\nb,2\n \n"), "0@10:a,1 1@16:b,2 ");
}

TEST(RecordDecoder, AByteOrderMarkIsSkippedAtTheBeginningOnly) {
    EXPECT_EQ(outline("\xEF\xBB\xBF"
                      "a,1\nb,2\n"),
              "0@3:a,1 1@7:b,2 ");
    EXPECT_EQ(outline("a,1\n\xEF\xBB\xBF"
                      "b,2\n"),
              "0@0:a,1 1@4:\xEF\xBB\xBF"
              "b,2 ");
    EXPECT_EQ(outline("\xEF\xBB\xBF\xEF\xBB\xBF"
                      "a,1"),
              "0@3:\xEF\xBB\xBF"
              "a,1 ");
    // Bytes that only begin like one are a record's.
    EXPECT_EQ(outline("\xEF\xBB"), "0@0:\xEF\xBB!not valid UTF-8 ");
    EXPECT_EQ(outline("\xEF,1\na,1"), "0@0:\xEF,1!not valid UTF-8 1@4:a,1 ");
}

TEST(RecordDecoder, ARecordThatIsTooLongIsOneCorruptRecord) {
    DecodeOptions options = line_options();
    options.record_bytes_max = 4;
    const std::string detail = "!record longer than 4 bytes ";
    EXPECT_EQ(outline("aa,1\nbbb,2\nc,3\n", options), "0@0:aa,1 1@5:bbb," + detail + "2@11:c,3 ");
    EXPECT_EQ(outline("aa,1\r\nbbb,2\r\nc,3\n", options),
              "0@0:aa,1 1@6:bbb," + detail + "2@13:c,3 ");
    EXPECT_EQ(outline("aa,1\r", options), "0@0:aa,1" + detail);
    EXPECT_EQ(outline("bbb,2", options), "0@0:bbb," + detail);
    const std::string large(10'000, 'x');
    EXPECT_EQ(outline("a,1\n" + large + "\nb,2\n", options),
              "0@0:a,1 1@4:xxxx" + detail + "2@10005:b,2 ");
    EXPECT_EQ(outline(large, options), "0@0:xxxx" + detail);
    EXPECT_EQ(outline("    \n     \n", options), "0@5:    " + detail);  // Not even a blank one.
    EXPECT_EQ(outline(large + "\n" + large + "\n", options),
              "0@0:xxxx" + detail + "1@10001:xxxx" + detail);
}

TEST(RecordDecoder, RecordsOfExactlyTheMaximumAreRead) {
    for (const size_t size : {5u, 64u, 65u, 100u, 4096u}) {
        DecodeOptions options = line_options();
        options.record_bytes_max = size;
        const std::string fits = std::string(size - 2, 'x') + ",1";
        for (const char* end : {"\n", "\r\n", ""}) {
            EXPECT_EQ(outline(fits + end, options), "0@0:" + fits + " ");
            const std::string too_long = decode_all("x" + fits + end, options).at(0).detail;
            EXPECT_EQ(too_long, "record longer than " + std::to_string(size) + " bytes");
        }
    }
}

TEST(RecordDecoder, RecordsOfSeveralFilesAreCountedThrough) {
    const std::vector<DecodedRecord> records = decode_files({"a,1\nb,2", "",
                                                             "\xEF\xBB\xBF"
                                                             "c,3\n",
                                                             "\n", "d,4"},
                                                            line_options());
    EXPECT_EQ(outline(records), "0@0:a,1 1@4:b,2 2@10:c,3 3@15:d,4 ");
}

// What a decoder does with a record that is later than until_us.
TEST(RecordDecoder, ARecordBeyondUntilIsLeftAndReadAgain) {
    PartitionTable partitions("p");
    const DecodeOptions options = line_options();
    std::unique_ptr<Decoder> decoder;
    ASSERT_TRUE(make_decoder(options, {&partitions, nullptr}, decoder).ok());
    decoder->begin_stream();
    const Config config = config_of(options);
    RecordBatch batch(config, 8);
    const std::string bytes = "a,1\nb,9\nc,x\nd,3\n" + std::string(kPaddingBytes, '\0');
    Chunk chunk{std::string_view(bytes).substr(0, 16), 0, true, 5};
    Decoded decoded = decoder->decode(chunk, batch);
    EXPECT_EQ(decoded.stop, Stop::held);
    EXPECT_EQ(decoded.held_time_us, 9);
    EXPECT_EQ(decoded.consumed, 4u);
    EXPECT_EQ(batch.count, 1u);

    chunk = {chunk.bytes.substr(4), 4, true, 8};
    decoded = decoder->decode(chunk, batch);
    EXPECT_EQ(decoded.stop, Stop::held);
    EXPECT_EQ(decoded.consumed, 0u);
    EXPECT_EQ(batch.count, 1u);

    chunk.until_us = 9;  // Not later.
    decoded = decoder->decode(chunk, batch);
    EXPECT_EQ(decoded.stop, Stop::hungry);
    EXPECT_EQ(decoded.consumed, 12u);
    ASSERT_EQ(batch.count, 4u);
    EXPECT_EQ(batch.raw[1], "b,9");
    EXPECT_EQ(batch.verdict[2], Verdict::corrupt);  // Corrupt records have no time to be held for.
}

TEST(RecordDecoder, AHeldRecordDiscoversNoPartition) {
    PartitionTable partitions("(source)");
    DecodeOptions options = line_options();
    options.partition = "id";
    std::unique_ptr<Decoder> decoder;
    ASSERT_TRUE(make_decoder(options, {&partitions, nullptr}, decoder).ok());
    decoder->begin_stream();
    const Config config = config_of(options);
    RecordBatch batch(config, 8);
    const std::string bytes = "a,9\n" + std::string(kPaddingBytes, '\0');
    const std::string_view line = std::string_view(bytes).substr(0, 4);
    EXPECT_EQ(decoder->decode({line, 0, true, 5}, batch).stop, Stop::held);
    EXPECT_EQ(partitions.count(), 1u);
    EXPECT_EQ(decoder->decode({line, 0, true, 9}, batch).stop, Stop::hungry);
    EXPECT_EQ(partitions.count(), 2u);
}

}  // namespace
}  // namespace trommel::net
