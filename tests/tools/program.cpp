#include "tests/tools/program.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace trommel::tools {
namespace {

void redirect(int to, int from) {
    if (from < 0 || dup2(from, to) < 0) _exit(126);
    close(from);
}

int open_for_writing(const std::string& path) {
    return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
}

}  // namespace

Program::Program(const std::vector<std::string>& arguments, const Options& options)
    : out_path_(options.output_path.empty() ? scratch("stdout") : options.output_path),
      err_path_(scratch("stderr")),
      in_path_(scratch("stdin")) {
    write_file(in_path_, options.input);
    int input_pipe[2] = {-1, -1}, output_pipe[2] = {-1, -1};
    if (options.open_input && pipe2(input_pipe, O_CLOEXEC) != 0) return;
    if (options.closed_output && pipe2(output_pipe, O_CLOEXEC) != 0) return;
    input_ = input_pipe[1];
    if (output_pipe[0] >= 0) close(output_pipe[0]);

    pid_ = fork();
    if (pid_ == 0) {
        redirect(0, options.open_input ? input_pipe[0] : open(in_path_.c_str(), O_RDONLY));
        redirect(1, options.closed_output ? output_pipe[1] : open_for_writing(out_path_));
        redirect(2, open_for_writing(err_path_));
        for (const char* name :
             {"TROMMEL_SET", "TROMMEL_QUIET", "TROMMEL_JSON", "TROMMEL_ENGINE", "TROMMEL_SIMD"}) {
            unsetenv(name);
        }
        for (const auto& [name, value] : options.environment)
            setenv(name.c_str(), value.c_str(), 1);
        std::vector<std::string> words = {TROMMEL_PROGRAM};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        execv(argv[0], argv.data());
        _exit(127);
    }
    if (input_pipe[0] >= 0) close(input_pipe[0]);
    if (output_pipe[1] >= 0) close(output_pipe[1]);
}

Program::~Program() {
    if (input_ >= 0) close(input_);
    if (!ended_ && pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    for (const std::string* path : {&out_path_, &err_path_, &in_path_}) {
        if (!path->starts_with("/dev/")) unlink(path->c_str());
    }
}

int Program::wait() {
    int status = 0;
    if (!ended_ && waitpid(pid_, &status, 0) == pid_) {
        ended_ = true;
        code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return code_;
}

bool Program::has_ended() {
    siginfo_t info = {};
    if (ended_) return true;
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
}

void Program::send(int signal) {
    kill(pid_, signal);
}

bool Program::says(const std::string& text) {
    for (;;) {
        const bool ended = has_ended();  // Before the look, so that no last word is missed.
        if (err().find(text) != std::string::npos) return true;
        if (ended) return false;
        usleep(5000);
    }
}

std::string Program::out() const {
    return read_file(out_path_);
}
std::string Program::err() const {
    return read_file(err_path_);
}

std::string Program::last_line() const {
    std::string text = err();
    while (text.ends_with('\n')) text.pop_back();
    return text.substr(text.rfind('\n') + 1);
}

std::string scratch(const std::string& name) {
    static int count = 0;
    return testing::TempDir() + "trommel_" + std::to_string(getpid()) + "_" +
           std::to_string(count++) + "_" + name;
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::string read_file(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

}  // namespace trommel::tools
