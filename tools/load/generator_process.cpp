#include "tools/load/generator_process.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/job/document.h"

namespace trommel::tools {
namespace {

constexpr size_t kHeardMax = size_t{1} << 20;  // A line of a report has some 10 KB.

constexpr int kStopNapsMax = 100;
constexpr useconds_t kStopNapUs = 10'000;

const Node* find(const Node& root, std::initializer_list<std::string_view> path) {
    const Node* at = &root;
    for (const std::string_view name : path) {
        if (at != nullptr) at = at->find(name);
    }
    return at;
}

template <class Number>
void read_number(const Node& root, std::initializer_list<std::string_view> path, Number& out) {
    const Node* const node = find(root, path);
    if (node == nullptr) return;
    std::from_chars(node->text.data(), node->text.data() + node->text.size(), out);
}

bench::LatencyFigures read_latency(const Node& root, std::string_view name) {
    bench::LatencyFigures figures;
    read_number(root, {name, "count"}, figures.count);
    read_number(root, {name, "p50"}, figures.p50_us);
    read_number(root, {name, "p90"}, figures.p90_us);
    read_number(root, {name, "p99"}, figures.p99_us);
    read_number(root, {name, "p99_9"}, figures.p99_9_us);
    read_number(root, {name, "p99_99"}, figures.p99_99_us);
    read_number(root, {name, "max"}, figures.max_us);
    const Node* const spectrum = find(root, {name, "spectrum"});
    if (spectrum == nullptr) return figures;
    for (const Node& item : spectrum->items) {
        bench::LatencyHistogram::Point& point = figures.spectrum.emplace_back();
        read_number(item, {"percent"}, point.percent);
        read_number(item, {"us"}, point.value);
    }
    return figures;
}

}  // namespace

GeneratorProcess::~GeneratorProcess() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    if (pipe_ >= 0) close(pipe_);
}

Status GeneratorProcess::start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "trommel");
    std::vector<char*> words;
    for (std::string& word : arguments) words.push_back(word.data());
    words.push_back(nullptr);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return Status::error(Code::io, std::string("a pipe: ") + std::strerror(errno));
    }
    pid_ = fork();
    if (pid_ == 0) {
        const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(ends[1], 2) < 0) _exit(126);
        execv("/proc/self/exe", words.data());
        _exit(127);
    }
    const int error = errno;
    close(ends[1]);
    pipe_ = ends[0];
    fcntl(pipe_, F_SETFL, O_NONBLOCK);
    if (pid_ > 0) return {};
    return Status::error(Code::io,
                         std::string("the generator cannot start: ") + std::strerror(error));
}

void GeneratorProcess::listen() {
    char bytes[16'384];
    for (ssize_t got; (got = read(pipe_, bytes, sizeof bytes)) > 0;) {
        heard_.append(bytes, static_cast<size_t>(got));
        take_lines();
    }
}

void GeneratorProcess::take_lines() {
    for (size_t end; (end = heard_.find('\n')) != std::string::npos;) {
        hear(heard_.substr(0, end));
        heard_.erase(0, end + 1);
    }
    if (heard_.size() > kHeardMax) heard_.clear();
}

void GeneratorProcess::hear(const std::string& line) {
    Node root;
    Mistakes mistakes;
    if (!parse_document(line, "generator", root, mistakes)) return;
    const Node* const event = root.find("event");
    if (event == nullptr) return;
    if (event->text == "progress") read_number(root, {"sent"}, sent_);
    const Node* const message = root.find("message");
    if (event->text == "error" && message != nullptr) error_ = message->text;
    if (event->text != "report") return;
    reported_ = true;
    read_number(root, {"events"}, figures_.events);
    read_number(root, {"rate"}, figures_.achieved_rate);
    read_number(root, {"cpu_seconds"}, figures_.cpu_seconds);
    figures_.lag = read_latency(root, "lag_us");
    sent_ = figures_.events;
    read_number(root, {"truth", "in"}, truth_.in);
    read_number(root, {"truth", "unique"}, truth_.unique);
    read_number(root, {"truth", "duplicate"}, truth_.duplicate);
    read_number(root, {"truth", "late"}, truth_.late);
    read_number(root, {"truth", "corrupt"}, truth_.corrupt);
}

bool GeneratorProcess::has_ended() {
    if (pid_ > 0 && waitpid(pid_, &exit_status_, WNOHANG) == pid_) pid_ = -1;
    return pid_ < 0;
}

void GeneratorProcess::stop() {
    for (int naps = 0; naps < kStopNapsMax && !has_ended(); ++naps) {
        listen();
        usleep(kStopNapUs);
    }
    if (pid_ > 0) kill(pid_, SIGTERM);  // A second one would end it without a report.
}

Status GeneratorProcess::finish() {
    if (pipe_ < 0) return Status::error(Code::internal, "the generator was not started");
    fcntl(pipe_, F_SETFL, 0);
    listen();  // Until it closes its end.
    if (pid_ > 0 && waitpid(pid_, &exit_status_, 0) == pid_) pid_ = -1;
    if (!WIFEXITED(exit_status_) || WEXITSTATUS(exit_status_) != 0) {
        return Status::error(Code::internal, "the generator failed: " +
                                                 (error_.empty() ? "it said nothing" : error_));
    }
    return reported_ ? Status{} : Status::error(Code::internal, "the generator did not report");
}

}  // namespace trommel::tools
