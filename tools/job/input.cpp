// Where a job's records come from and how they are read: source and decode.
#include "hostpath/memory_plan.h"
#include "tools/job/parts.h"

namespace trommel::tools {
namespace {

Parsed<SourceJob::Type> parse_source_type(std::string_view text) {
    static const auto kParse = one_of<SourceJob::Type>({{"file", SourceJob::Type::file},
                                                        {"stdin", SourceJob::Type::standard_input},
                                                        {"synthetic", SourceJob::Type::synthetic},
                                                        {"udp", SourceJob::Type::udp},
                                                        {"tcp", SourceJob::Type::tcp},
                                                        {"unix", SourceJob::Type::unix_socket},
                                                        {"pcap", SourceJob::Type::pcap},
                                                        {"dpdk", SourceJob::Type::dpdk},
                                                        {"kafka", {}, true},
                                                        {"http", {}, true},
                                                        {"redis", {}, true}});
    return kParse(text);
}

Parsed<net::Format> parse_format(std::string_view text) {
    static const auto kParse = one_of<net::Format>({{"json", net::Format::json},
                                                    {"csv", net::Format::csv},
                                                    {"binary", net::Format::binary},
                                                    {"arrow", {}, true},
                                                    {"avro", {}, true},
                                                    {"protobuf", {}, true}});
    return kParse(text);
}

// A field that is a name, or a map { field: name, … } whose other parts `rest` reads.
template <class Rest>
void read_field(Section& owner, const Node& node, const std::string& path, std::string& field,
                Rest rest) {
    if (node.kind != Node::Kind::map) {
        owner.convert(node, path, field, parse_text);
        return;
    }
    Section section(node, node.place, path, owner.mistakes());
    section.require("field", "field: name");
    section.read_text("field", field);
    rest(section);
    section.finish();
}

void read_id(Section& fields, net::DecodeOptions& decode) {
    const Node* const node = fields.require("id", "id: event_id");
    if (node == nullptr) return;
    read_field(fields, *node, "decode.fields.id", decode.id.field, [&](Section& s) {
        s.read("type", decode.id.form,
               one_of<net::IdForm>({{"u64", net::IdForm::u64},
                                    {"u128", net::IdForm::u128},
                                    {"uuid", net::IdForm::uuid},
                                    {"hex", net::IdForm::hex},
                                    {"bytes", net::IdForm::bytes}}));
    });
}

void read_event_time(Section& fields, net::DecodeOptions& decode) {
    const Node* const node = fields.require("time", "time: { field: time, format: rfc3339 }");
    if (node == nullptr) return;
    read_field(fields, *node, "decode.fields.time", decode.time.field, [&](Section& s) {
        s.read("format", decode.time.form,
               one_of<net::TimeForm>({{"rfc3339", net::TimeForm::rfc3339},
                                      {"s", net::TimeForm::s},
                                      {"ms", net::TimeForm::ms},
                                      {"us", net::TimeForm::us},
                                      {"ns", net::TimeForm::ns}}));
    });
}

void read_key_field(Section& fields, const Node& node, const std::string& path,
                    std::vector<KeyField>& key) {
    KeyField field;
    read_field(fields, node, path, field.name, [&](Section& s) {
        s.read("type", field.type,
               one_of<FieldType>({{"string", FieldType::text}, {"int", FieldType::integer}}));
    });
    key.push_back(std::move(field));
}

void read_key(Section& fields, std::vector<KeyField>& key) {
    const Node* const node = fields.find("key");
    if (node == nullptr) return;
    if (node->kind != Node::Kind::list) {
        read_key_field(fields, *node, "decode.fields.key", key);
        return;
    }
    for (size_t i = 0; i < node->items.size(); ++i) {
        read_key_field(fields, node->items[i], "decode.fields.key[" + std::to_string(i) + "]", key);
    }
}

Parsed<int> parse_digits(std::string_view text) {
    const Parsed<int64_t> parsed = parse_integer(text);
    if (parsed.ok() && parsed.value >= 0 && parsed.value <= 18)
        return {static_cast<int>(parsed.value), {}};
    return Parsed<int>::fail("'" + std::string(text) + "' is not a number of digits from 0 to 18");
}

// `name` is what aggregates call the value, `field` where it stands in a record.
void read_value(Section& values, const Field& value, Job& job) {
    enum class Type : uint8_t { integer, decimal };
    Type type = Type::integer;
    ValueField field;
    const std::string path = values.path_of(value.name);
    read_field(values, value.value, path, field.name, [&](Section& s) {
        s.read("type", type, one_of<Type>({{"int", Type::integer}, {"decimal", Type::decimal}}));
        if (type == Type::decimal) {
            s.require("digits", "digits: 2");
            s.read("digits", field.digits, parse_digits);
        } else {
            s.refuse("digits", "belongs to type: decimal");
        }
    });
    job.config.values.push_back({value.name, field.digits});
    job.decode.values.push_back(std::move(field));
}

void read_values(Section& fields, Job& job) {
    const Node* const node = fields.find("values");
    if (node == nullptr) return;
    Section values(*node, fields.place_of_name("values"), "decode.fields.values",
                   fields.mistakes());
    for (const Field& value : values.node().fields) read_value(values, value, job);
}

// Binary frames hold id, key, time and value at fixed places; the job may name the key and the
// value for its output, and say which ids they carry.
void read_binary_fields(Section& fields, Job& job) {
    fields.refuse("partition", "binary frames have no partition field");
    fields.refuse("time", "binary frames carry their time, in microseconds");
    if (const Node* const id = fields.find("id"); id != nullptr) {
        Section section(*id, fields.place_of_name("id"), "decode.fields.id", fields.mistakes());
        section.read("type", job.decode.id.form,
                     one_of<net::IdForm>({{"u64", net::IdForm::u64}, {"u128", net::IdForm::u128}}));
        section.finish();
    }
    if (fields.find("key") != nullptr) job.decode.key.clear();
    read_key(fields, job.decode.key);
    for (KeyField& field : job.decode.key) field.type = FieldType::integer;
    if (fields.find("values") != nullptr) {
        job.config.values.clear();
        job.decode.values.clear();
    }
    read_values(fields, job);
    fields.finish();
}

void set_binary_defaults(Job& job) {
    job.decode.id.form = net::IdForm::u64;
    job.decode.key = {{"key", FieldType::integer}};
    job.decode.values = job.config.values = {{"value", 0}};
}

void read_fields(Section& fields, Job& job) {
    std::string partition;
    if (fields.read_text("partition", partition)) job.decode.partition = partition;
    read_id(fields, job.decode);
    read_event_time(fields, job.decode);
    read_key(fields, job.decode.key);
    read_values(fields, job);
    fields.finish();
}

void read_columns(Section& section, std::vector<std::string>& columns) {
    const Node* const node = section.find("columns");
    if (node == nullptr) return;
    if (node->kind != Node::Kind::list || node->items.empty()) {
        section.report(node->place, "decode.columns",
                       "decode.columns is not a list of names; expected [id, time, key]");
        return;
    }
    for (size_t i = 0; i < node->items.size(); ++i) {
        const std::string path = "decode.columns[" + std::to_string(i) + "]";
        section.convert(node->items[i], path, columns.emplace_back(), parse_text);
    }
}

Parsed<char> parse_delimiter(std::string_view text) {
    if (text == "tab") return {'\t', {}};
    const bool usable = text.size() == 1 && text != "\"" && text != "\n" && text != "\r";
    if (usable) return {text[0], {}};
    return Parsed<char>::fail("'" + std::string(text) +
                              "' is not one character, such as ',', ';' or tab");
}

}  // namespace

void read_paths(Section& section, std::vector<std::string>& paths) {
    const Node* const node = section.require("path", "path: events.ndjson");
    if (node == nullptr) return;
    const std::string name = section.path_of("path");
    if (node->kind != Node::Kind::list) {
        std::string path;
        if (section.convert(*node, name, path, parse_text)) paths.push_back(path);
        return;
    }
    if (node->items.empty()) section.report(node->place, name, name + " is an empty list");
    for (size_t i = 0; i < node->items.size(); ++i) {
        std::string path;
        const std::string entry = name + "[" + std::to_string(i) + "]";
        if (section.convert(node->items[i], entry, path, parse_text)) paths.push_back(path);
    }
}

void read_decode(Section& section, Job& job) {
    net::DecodeOptions& decode = job.decode;
    if (job.source.brings_datagrams()) decode.format = net::Format::binary;
    section.read("format", decode.format, parse_format);
    if (job.source.brings_datagrams() && decode.format != net::Format::binary) {
        section.report(section.find("format")->place, "decode.format",
                       "decode.format: datagrams carry frames; expected binary, the default here");
        decode.format = net::Format::binary;
    }
    section.read("on_error", job.corrupt,
                 one_of<DeadLetters>({{"dlq", DeadLetters::keep},
                                      {"drop", DeadLetters::drop},
                                      {"fail", DeadLetters::fail}}));
    require_dlq(section, "on_error", job);
    if (decode.format == net::Format::csv) {
        read_columns(section, decode.csv_columns);
        section.read("delimiter", decode.csv_delimiter, parse_delimiter);
    } else {
        section.refuse("columns", "belongs to format: csv");
        section.refuse("delimiter", "belongs to format: csv");
    }
    const bool binary = decode.format == net::Format::binary;
    if (binary) {
        set_binary_defaults(job);
    } else {
        section.require("fields", "fields: { id: id, time: time }");
    }
    if (const Node* const node = section.find("fields"); node != nullptr) {
        Section fields(*node, section.place_of_name("fields"), "decode.fields", section.mistakes());
        binary ? read_binary_fields(fields, job) : read_fields(fields, job);
    }
    job.config.key = decode.key;
    job.config.dedup.id_type = net::id_type(decode.id.form);
    section.finish();
}

void check_decode(const Node& root, Job& job, Mistakes& mistakes) {
    job.decode.max_time_us = job.config.time.max_time_us;
    job.decode.max_future_us = job.config.time.max_future_us;
    if (job.source.type == SourceJob::Type::synthetic || !mistakes.empty()) return;
    job.decode.record_bytes_max = hostpath::plan_memory(job.config).record_bytes_max;
    const Status status = net::validate(job.decode, job.config);
    if (!status.ok()) mistakes.add(place_of(root, "decode"), "decode", "decode: " + status.message);
}

void read_source(Section& section, Job& job) {
    SourceJob& source = job.source;
    if (section.require("type", "type: file") == nullptr) return;
    if (!section.read("type", source.type, parse_source_type)) return;
    switch (source.type) {
        case SourceJob::Type::file:
            read_paths(section, source.paths);
            break;
        case SourceJob::Type::standard_input:
            section.refuse("path", "belongs to type: file");
            source.paths = {"-"};
            break;
        case SourceJob::Type::synthetic:
            read_synthetic(section, job);
            break;
        case SourceJob::Type::udp:
            read_udp(section, job);
            break;
        case SourceJob::Type::pcap:
            read_pcap(section, job);
            break;
        case SourceJob::Type::dpdk:
            read_dpdk(section, job);
            break;
        case SourceJob::Type::tcp:
        case SourceJob::Type::unix_socket:
            read_stream(section, job);
            break;
    }
    section.refuse("follow", "following a growing file is planned, not built yet");
    section.finish();
}

}  // namespace trommel::tools
