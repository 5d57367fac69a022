#pragma once
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace trommel::tools {

// One run of the program, as a user starts it. Its output goes to files, so that nothing can block.
class Program {
   public:
    struct Options {
        std::string input;             // Fed to stdin and ended.
        bool open_input = false;       // stdin is a pipe that stays open until this object ends.
        bool closed_output = false;    // stdout is a pipe that nobody reads.
        std::string output_path = {};  // Where stdout goes; empty: captured.
        std::vector<std::pair<std::string, std::string>> environment = {};
    };
    explicit Program(const std::vector<std::string>& arguments) : Program(arguments, {}) {}
    Program(const std::vector<std::string>& arguments, const Options& options);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    int wait();  // The exit code; 128 + n when signal n ended it.
    void send(int signal);
    // Waits until stderr holds `text`; false when the program ended without it.
    bool says(const std::string& text);

    std::string out() const;
    std::string err() const;
    std::string last_line() const;  // Of stderr.

   private:
    bool has_ended();

    std::string out_path_, err_path_, in_path_;
    pid_t pid_ = -1;
    int input_ = -1;
    bool ended_ = false;
    int code_ = -1;
};

// A path for a file of this test, and its contents.
std::string scratch(const std::string& name);
void write_file(const std::string& path, const std::string& text);
std::string read_file(const std::string& path);

}  // namespace trommel::tools
