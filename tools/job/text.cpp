#include "tools/job/text.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "tools/job/synthetic_options.h"

namespace trommel::tools {
namespace {

struct CloseFile {
    void operator()(std::FILE* file) const {
        if (file != stdin) std::fclose(file);
    }
};

constexpr char kReferenceJob[] =
    R"yaml(# Every field of a job file. What is not marked (required) may be left out;
# the values of the fields that have a default are the defaults.
version: 1
name: job
source:                       # (required)
  type: file                  # (required) file | stdin | synthetic
  path: events.ndjson         # file (required): a path, a glob or a list; .gz and .zst by name.
                              # Each file is a partition, unless a field names it.
decode:                       # (required, but for synthetic)
  format: json                # json | csv | binary
  # columns: [id, time]       # csv: instead of a header line
  # delimiter: ","            # csv: one character, or tab
  fields:                     # (required, but for binary)
    # partition: shop         # the field that names the partition; else the file
    id: id                    # (required) { field: id, type: bytes | u64 | u128 | uuid | hex }
    time: time                # (required) { field: time, format: rfc3339 | s | ms | us | ns }
    key: [shop, item]         # none to 8: { field: shop, type: string | int }
    values:                   # up to 16; name: field, or { field: x, type: int | decimal }
      amount: { field: amount, type: decimal, digits: 2 }
  on_error: dlq               # dlq | drop | fail; dlq if there is one, else drop
dedup:
  mode: exact                 # exact | approximate | off
  horizon: forever            # how long an id is remembered, in event time; such as 10m
  scope: global               # global | key
  verify: false               # exact, ids of type bytes: keep and compare the ids themselves
  # error_rate: 0.1%          # approximate: share of unique events taken for duplicates
  # capacity: 100M            # approximate (required): ids alive at once
time:
  out_of_order: 30s           # watermark = newest event time - this; without it nothing is late
  allowed_lateness: 0
  late: dlq                   # dlq | drop; dlq if there is one, else drop
  # idle_after: 10s           # a silent partition stops holding the watermark back; else never
  # max_future: 1h            # events further ahead of the clock are corrupt; else never
  # max_time: 2030-01-01      # events after it are corrupt; else never
  # max_drift: 256d           # how far partitions may run apart; else 256 horizons
aggregates:                   # column: count, sum(x), min(x), max(x), avg(x), first(x) or last(x)
  n: count
  revenue: sum(amount)
  mean: avg(amount, 3)        # with 3 digits; else those of the value. Inside { } quote it.
window_offset: 0              # windows begin at multiples of their size plus this
windows:                      # none: deduplicate only
  - { name: minute, type: tumbling, size: 1m }
  # - { name: hour, type: sliding, size: 1h, every: 1m }
  # - { name: visit, type: session, gap: 30m }
sinks:                        # stdout as CSV if there are none
  - type: stdout              # (required) file (with path) | stdout | null
    output: windows           # windows | unique: the deduplicated records as they came
    format: csv               # csv | json
    time_format: us           # us | ms | s | rfc3339
dlq:                          # late, corrupt and refused records; else they are dropped
  type: file                  # (required) file | stdout | null
  path: dead.ndjson
engine:
  type: auto                  # auto | cpu | gpu; auto takes a GPU from the rate on that is measured
  # expected_rate: 5M         # events per second, for auto; else it takes the CPU
  threads: auto               # shards; auto: one per core; 1: no further thread
  pin: false                  # true: each shard's thread stays on a core
  prefault: false             # true: a helper thread takes the page faults of growth
  memory: 4GiB                # for ids, keys and batches
  memory_shares: { ids: 60%, keys: 35%, batches: 5% }
  on_full: stop               # stop | refuse | forget
  # seed: 1                   # repeats a run of the approximate mode; else drawn anew
  batch_records: 4096         # records per batch, 1 to 65536; with type: gpu to 1048576
  # record_bytes_max: 1MiB    # longer records are corrupt; else by memory, at most 16MiB

# source: { type: synthetic } takes instead of path, with these defaults:
)yaml";

// Behind the settings of the synthetic source.
constexpr char kReferenceNetwork[] = R"yaml(#   rate: unlimited           # records per second
#
# source: { type: udp } takes instead of path, with these defaults:
#   listen: 127.0.0.1:4000    # (required) an address and port; without an address 127.0.0.1
#   allow: [10.0.0.0/8]       # who may send; else everybody who can reach the address
#   insecure_listen: false    # true: listen where others can reach it, without allow
#   sockets: 1                # that share the port, 1 to 16
#   receive: auto             # auto | recvmmsg | io_uring; auto is recvmmsg
#   receive_buffer: 32MiB     # that the kernel may hold for each socket
#   senders_max: 1024         # a sender more is refused
#   keys: keys.txt            # who must sign, a line SOURCE_ID HEXKEY each; else nobody
#   stop_after: 5s            # ends when nothing came for so long after something did; else never
#   stop_with_senders: false  # true: ends when every sender has said that it is done
#
# source: { type: pcap } reads captured packets:
#   path: capture.pcap        # (required) pcap or pcapng, a path, a glob or a list of them
#   port: 4000                # (required) UDP datagrams to it are ours; allow, senders_max, keys
#   verify_checksums: true    # of IPv4 and UDP
#
# source: { type: dpdk } polls a network card; also port, allow, senders_max, keys and stop_...:
#   device: "0000:03:00.0"    # (required) a PCI address or a virtual device, "net_tap0,iface=x"
#   eal: [--no-huge, -m, 512] # further arguments of DPDK's EAL
#   queues: 1                 # receive queues, polled in turn
#   mbufs: 16383              # packets that lie in memory at most
#   promiscuous: false        # true: also packets for other machines
#
# source: { type: tcp } and { type: unix } take instead of path, with these defaults:
#   listen: 127.0.0.1:4000    # tcp (required): address and port; without an address 127.0.0.1
#   path: /run/trommel.sock   # unix (required)
#   allow: [10.0.0.0/8]       # tcp: who may connect; else everybody who can reach the address
#   insecure_listen: false    # tcp: true allows an address that others reach without allow
#   receive: auto             # auto | poll | io_uring; auto is poll
#   connections_max: 1024     # one more is closed at once
#   connection_buffer: 256KiB # of one connection: the longest record or frame it may send
#   idle_timeout: 5m          # a connection without a whole record is closed; 0: never
#   header_timeout: 10s       # the same until its first record
#   senders_max: 1024         # binary
#   keys: keys.txt            # binary: who must sign, SOURCE_ID HEXKEY a line; else nobody
#   stop_after: 5s            # ends when nothing came for so long; else never
#   stop_with_senders: false  # ends when every sender is done or has closed its connection
)yaml";

}  // namespace

Status read_job_text(const std::string& path, std::string& text) {
    const auto fail = [&](const std::string& why) {
        return Status::error(Code::no_input, "cannot read the job file '" + path + "': " + why);
    };
    const std::unique_ptr<std::FILE, CloseFile> file(path == "-" ? stdin
                                                                 : std::fopen(path.c_str(), "rb"));
    if (file == nullptr) return fail(std::strerror(errno));
    text.resize(kJobFileBytesMax + 1);
    const size_t bytes = std::fread(text.data(), 1, text.size(), file.get());
    if (std::ferror(file.get()) != 0) return fail(std::strerror(errno));
    if (bytes > kJobFileBytesMax) return fail("it is longer than 1 MiB");
    text.resize(bytes);
    return {};
}

std::vector<Override> all_overrides(const std::vector<std::string>& flags,
                                    const std::string& engine_flag) {
    std::vector<Override> all;
    if (const char* const engine = std::getenv("TROMMEL_ENGINE");
        engine != nullptr && *engine != 0) {
        all.push_back(
            {std::string("engine.type=") + engine, std::string("TROMMEL_ENGINE=") + engine});
    }
    const char* const set = std::getenv("TROMMEL_SET");
    std::string_view rest = set == nullptr ? "" : set;
    while (!rest.empty()) {
        const size_t end = rest.find(';');
        const std::string one(rest.substr(0, end));
        if (!one.empty()) all.push_back({one, "TROMMEL_SET: " + one});
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    for (const std::string& flag : flags) all.push_back({flag, "-s " + flag});
    if (!engine_flag.empty()) {
        all.push_back({"engine.type=" + engine_flag, "--engine " + engine_flag});
    }
    return all;
}

const char kDemoJob[] =
    R"yaml(# The demo job, for `trommel run` without a file; `trommel run --print-demo` prints it.
# A made-up stream of 5 million records from four partitions: one in ten comes twice, one in a
# hundred is late, one in a thousand is damaged. Duplicates fall away, the rest is summed up per
# key and ten seconds.
version: 1
name: demo
source:
  type: synthetic
  events: 5M
  seed: 1
  partitions: 4
  keys: 5
  zipf: 1.1
  step: 20us                  # So 5 million records are 100 seconds of event time.
  disorder: 2s
  duplicates: 10%
  duplicate_distance: 100k
  late: 1%
  late_by: 30s
  corrupt: 0.1%
dedup: { mode: exact, horizon: 1m }
time: { out_of_order: 3s, allowed_lateness: 1s }
aggregates: { count: count, sum: sum(v0), mean: "avg(v0, 2)" }
windows: [ { name: ten_seconds, type: tumbling, size: 10s } ]
sinks: [ { type: stdout, format: csv, time_format: rfc3339 } ]
engine: { memory: 512MiB }
)yaml";

std::string reference_job() {
    std::string text = kReferenceJob;
    for (const SyntheticSetting& setting : synthetic_settings()) {
        std::string field = "#   " + std::string(setting.name) + ": " + setting.preset;
        field.resize(std::max<size_t>(field.size() + 1, 30), ' ');
        text += field + "# " + setting.help + "\n";
    }
    return text + kReferenceNetwork;
}

}  // namespace trommel::tools
