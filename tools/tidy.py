#!/usr/bin/env python3
"""The style test: what STYLE and the layering promise and a compiler does not check.

  tools/tidy.py              check the tree; one line per finding: file:line: rule: what to do
  tools/tidy.py --ratchet    lower the committed sizes to what they are now (it never raises one)
  tools/tidy.py --self-test  show every rule a small bad snippet and a good one

ctest runs the first and the last. The tables below are the decisions; to make an exception, add it
there with its reason, in the commit that needs it.
"""
import os
import re
import sys
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RATCHET = "tools/tidy_ratchet.txt"

# Which folder may include which (the longest matching folder counts). net and hostpath never see
# each other; the kit sees include/ only, or the oracle could be wrong as the engine is.
MAY_INCLUDE = {
    "include": ["trommel"],
    "kernels/rules": ["trommel", "kernels/rules"],
    "kernels/cpu": ["trommel", "kernels/rules", "kernels/cpu"],
    "kernels/cuda": ["trommel", "kernels/rules", "kernels/cpu", "kernels/cuda"],
    "kernels": ["trommel", "kernels"],
    "hostpath": ["trommel", "kernels", "hostpath"],
    "net": ["trommel", "net"],
    "tests/kit": ["trommel", "tests/kit"],
    "tests/examples": ["trommel"],
    "tests/install": ["trommel"],
    "tests/gpu": ["trommel", "kernels", "hostpath", "bench/kit", "tests"],
    "tests/bench": ["trommel", "kernels", "hostpath", "net", "bench", "tests"],
    "tests": ["trommel", "kernels", "hostpath", "net", "tools", "tests"],
    "bench": ["trommel", "kernels", "hostpath", "net", "bench", "tests/kit"],
    "tools": ["trommel", "kernels", "hostpath", "net", "tools", "bench/kit"],
}
LIBRARY = ("include/", "kernels/", "hostpath/", "net/")  # Lives in somebody else's process.
CORE = ("include/", "kernels/", "hostpath/")  # Needs a C++20 compiler, threads and xxHash alone.
USER_CODE = ("tests/examples/", "tests/install/")  # Includes us as a user does: <trommel/x.h>.

THIRD_PARTY = (r"simdjson|yaml-cpp/|CLI/|fmt/|spdlog/|zlib|zstd|gtest/|gmock/|benchmark/|boost/"
               r"|absl/")

# Words and the files that may use them. The rest of the tree may not.
WORDS = [
    ("atomic", r"\bstd::atomic|#\s*include\s*<atomic>|\b__atomic_\w+",
     r"hostpath/(spsc_ring\.h|wait\.(h|cpp)|metrics\.(h|cpp)|runtime\.(h|cpp))|tests/.*|bench/.*"
     r"|tools/signals?\.(h|cpp)|kernels/cuda/atomics\.h",
     "atomics live in hostpath/{spsc_ring.h,wait,metrics,runtime}, a device's in kernels/cuda"),
    ("fence", r"\batomic_(thread|signal)_fence\b|\b__sync_synchronize\b", r"",
     "name an order on the atomic itself: ThreadSanitizer cannot see fences"),
    ("thread", r"\bstd::(thread|jthread|async)\b(?!::hardware_concurrency)",
     r"hostpath/runtime\.(h|cpp)|tests/.*|bench/.*",
     "only hostpath/runtime starts threads; write a step() instead"),
    ("lock", r"\bstd::(recursive_|shared_|timed_)?mutex\b|\bstd::condition_variable"
     r"|#\s*include\s*<(mutex|shared_mutex|condition_variable)>", r"(tests|bench|tools)/.*",
     "nothing on the data path locks; give the thing one owner"),
    ("shared_ptr", r"\bstd::(shared_ptr|make_shared|weak_ptr)\b", r"(tests|bench|tools)/.*",
     "every object has one owner: a value member or unique_ptr"),
    ("prints", r"\bstd::(cout|cerr|clog)\b|#\s*include\s*<iostream>"
     r"|(?<![\w:.>])(std::)?(printf|fprintf|puts|putchar|perror)\s*\(", r"(tests|bench|tools)/.*",
     "the library never prints; return a Status or count it"),
    ("exits", r"(?<![\w:.>])(std::|::)?(_Exit|_exit|exit|quick_exit|abort|terminate)\s*\(",
     r"(tests|bench|tools)/.*|kernels/cpu/assert\.cpp",
     "the library never exits; return a Status, or TROMMEL_ASSERT for a bug of ours"),
    ("using-namespace", r"\busing\s+namespace\s+(?!.*literals)", r"(tests|bench)/.*",
     "write the namespace, or open it"),
    ("vague-name",
     r"\b(class|struct|namespace)\s+\w*([Mm]anager|[Hh]elper|[Uu]til|[Cc]ommon)\w*", r"",
     "say what it is or does"),
]

README_LINES_MAX = 60  # One page.
README_FOLDERS = ["include", "kernels", "kernels/rules", "kernels/cpu", "kernels/cuda", "hostpath",
                  "net", "tests", "tests/kit", "bench", "tools"]

# x_scalar, x_avx2 and x_avx512 are one module: its test runs every variant.
VARIANT = re.compile(r"_(scalar|avx2|avx512|pass)$")

# Modules without a test of their own name, and why.
NO_MIRRORED_TEST = {
    "kernels/rules/host_device": "macros only",
    "kernels/rules/assert": "declares what kernels/cpu/assert.cpp defines",
    "kernels/cpu/id_memory": "an interface",
    "kernels/cpu/exact_line": "the lines of exact_table, tested with it",
    "kernels/cpu/exact_home": "the passes of exact_table, tested with it",
    "kernels/cpu/exact_kinds": "the ids of exact_table, tested with it",
    "kernels/cpu/filter_clock": "how block_filter and device_filter move, tested with both",
    "kernels/cpu/prefetch": "one instruction",
    "kernels/cuda/window_rows": "a part of device_windows, tested with it",
    "kernels/cuda/window_stages": "what device_windows launches, tested with it",
    "kernels/cuda/cuda_device": "needs a GPU: tests/kernels/cuda/cuda_device_check.cu",
    "kernels/cuda/cuda_sort": "a part of cuda_device",
    "kernels/cuda/device_id_memory": "a part of device_shard, tested with it",
    "kernels/cuda/lane_column": "a part of device_shard, tested with it",
    "kernels/cuda/id_slots": "the tables of device_ids, tested with it",
    "kernels/cuda/id_stages": "the functors of device_ids, tested with it",
    "kernels/cuda/halt": "how batches of device_ids halt, tested with it",
    "kernels/cuda/filter_stages": "the functors of device_filter, tested with it",
    "kernels/cuda/stub": "what there is without a toolkit; devices_test runs with either",
    "net/connection": "an interface",
    "net/stream_poll": "a way of net/stream_io, tested with it",
    "net/stream_ring": "a way of net/stream_io, tested with it",
    "hostpath/batch": "plain data",
    "hostpath/progress": "an enumeration",
    "hostpath/names": "an interface",
    "net/dpdk_port": "DPDK itself; tested through dpdk_source",
    "net/udp_receiver": "an interface; its two kinds are tested",
}

COLUMNS_MAX = 100
WIDE = {"tests/kit/oracle.py": "the specification's own text, kept word for word"}
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

# Bodies that are included once per instruction set, on purpose without #pragma once.
REPEATED = "_pass.h"

CODE = (".h", ".cpp", ".cu", ".cuh")
SCRIPTS = (".py", ".cmake", ".sh")
SKIP_FOLDERS = {".git", "build", ".cache", "__pycache__"}

Finding = namedtuple("Finding", "path line rule text")


# --- Reading -------------------------------------------------------------------------------------

class File:
    """One file of the tree: its lines as they are, and as code without comments and strings."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()
        self.is_code = path.endswith(CODE)
        self.is_header = path.endswith((".h", ".cuh")) and not path.endswith(REPEATED)
        self.bare = strip(text) if self.is_code else text

    def is_script(self):
        name = os.path.basename(self.path)
        return (self.path.endswith(SCRIPTS) or name == "CMakeLists.txt"
                or self.text.startswith("#!"))

    def line_of(self, offset):
        return self.bare.count("\n", 0, offset) + 1


TOKENS = re.compile(r"""//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"
                        |(?<![\w'])'(?:\\.|[^'\\\n])+'""", re.S | re.X)


def strip(text):
    """The code with comments and literals blanked; include lines and line numbers stay."""
    def blank(match):
        found = match.group(0)
        line = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
        if found[0] == '"' and re.match(r"\s*#\s*include\s*$", line):
            return found
        return re.sub(r"[^\n]", " ", found) if found[0] == "/" else \
            '"' + re.sub(r"[^\n]", " ", found[1:-1]) + '"'
    return TOKENS.sub(blank, text)


def read_tree(root):
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIP_FOLDERS)
        for name in sorted(names):
            full = os.path.join(folder, name)
            path = os.path.relpath(full, root)
            try:
                with open(full, encoding="utf-8", newline="") as f:
                    files.append(File(path, f.read()))
            except (UnicodeDecodeError, OSError):
                continue  # Binary data, or a link to nowhere: not ours to style.
    return [f for f in files if not f.path.startswith(("tests/data/", "tests/fuzz/corpus/"))]


# --- Rules ---------------------------------------------------------------------------------------

def folder_of(path):
    """The longest folder of MAY_INCLUDE that holds the path, or None."""
    held = [f for f in MAY_INCLUDE if path.startswith(f + "/")]
    return max(held, key=len) if held else None


def check_includes(file):
    folder = folder_of(file.path)
    if not file.is_code or folder is None:
        return
    allowed = MAY_INCLUDE[folder]
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', file.bare, re.M):
        kind, target = match.groups()
        line = file.line_of(match.start())
        if kind == '"':
            if not any(target.startswith(a + "/") for a in allowed):
                known = any(target.startswith(f + "/") for f in [*MAY_INCLUDE, "trommel"])
                yield Finding(file.path, line, "include",
                              f"{folder} may include {', '.join(allowed)}" if known else
                              f'write the path from the repository root: "{folder}/{target}"')
            elif target.startswith("trommel/") and file.path.startswith(USER_CODE):
                yield Finding(file.path, line, "include", f"an example writes <{target}>")
        elif target.startswith("trommel/") and not file.path.startswith(USER_CODE):
            yield Finding(file.path, line, "include", f'write "{target}": <...> is for users')
        elif file.path.startswith(CORE) and re.match(THIRD_PARTY, target):
            yield Finding(file.path, line, "include",
                          f"the core needs no library but xxHash; move <{target}> to net")
        elif file.path.startswith("include/") and ("/" in target or "." in target):
            yield Finding(file.path, line, "include",
                          "a public header includes the standard library and trommel/ only")


def check_words(file):
    if not file.is_code:
        return
    for rule, pattern, allowed, advice in WORDS:
        if re.fullmatch(allowed, file.path):
            continue
        for match in re.finditer(pattern, file.bare):
            yield Finding(file.path, file.line_of(match.start()), rule, advice)


def check_form(file):
    if file.is_header and "#pragma once" not in file.lines[:20]:
        yield Finding(file.path, 1, "pragma-once", "start the header with #pragma once")
    styled = (file.is_code or file.is_script()) and file.path not in WIDE
    for number, line in enumerate(file.lines, 1):
        if styled and len(line) > COLUMNS_MAX:
            yield Finding(file.path, number, "columns", f"{len(line)} columns, over {COLUMNS_MAX}")
        if "\t" in line and os.path.basename(file.path) != "LICENSE":
            yield Finding(file.path, number, "tab", "use spaces")
        if line.endswith("\r"):
            yield Finding(file.path, number, "line-end", "use \\n, not \\r\\n")
        elif line != line.rstrip():
            yield Finding(file.path, number, "trailing-blank", "remove the blanks at the end")
    if file.path.endswith(".md") and not file.text.startswith("# "):
        yield Finding(file.path, 1, "heading", "begin with '# ' and the title; a formatter's work?")
    if file.text and not file.text.endswith("\n"):
        yield Finding(file.path, len(file.lines), "last-line", "end the file with a newline")


MACHINE_PATH = re.compile(r"(?<![\w.}])/(?:home/[a-z]|root/|Users/|work/|farm/|tmp/|var/tmp/)")
SECRET = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{36}"
                    r"|\bxox[bp]-\w{10}")


def check_places(file):
    for number, line in enumerate(file.lines, 1):
        if MACHINE_PATH.search(line) and file.path != "tools/tidy.py":
            yield Finding(file.path, number, "machine-path",
                          "a path of one machine; make it relative")
        if SECRET.search(line):
            yield Finding(file.path, number, "secret", "looks like a credential; revoke it")


SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$")
INITIALIZER = re.compile(r"(\)|\bnoexcept)\s*:\s*[\w:<>]+$|[)}]\s*,\s*[\w:<>]+$")


def functions(bare):
    """(name, first line, lines) of every function body, nested lambdas and blocks not counted."""
    head, stack, line, start = [], [], 1, None
    bare = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group(0).count("\n"), bare,
                  flags=re.M)
    for c in bare:
        if c == "{":
            text = "".join(head).strip()
            in_scope = all(kind == "scope" for kind, *_ in stack)
            if in_scope and "(" in text and INITIALIZER.search(text):
                stack.append(("initializer",))
            elif in_scope and (not text or SCOPE.search(text)):
                stack.append(("scope",))
                head, start = [], None
            elif in_scope and ")" in text and not text.endswith(("=", "(", ",")):
                stack.append(("function", text, start))
            else:
                stack.append(("block",))
        elif c == "}":
            kind, *rest = stack.pop() if stack else ("scope",)
            if kind == "function":
                text, first = rest
                called = re.search(r"(operator\s*\S+|[~\w:]+)\s*\(([^()]*)", text)
                name = called.group(1) if called else "?"
                if name in ("TEST", "TEST_F", "TEST_P", "TYPED_TEST"):
                    name = ".".join(called.group(2).replace(" ", "").split(","))
                yield name, first, line - first + 1
            if kind in ("function", "scope"):
                head, start = [], None
            elif kind == "initializer":
                head.append(c)
        elif c == ";" and all(kind == "scope" for kind, *_ in stack):
            head, start = [], None
        elif all(kind == "scope" for kind, *_ in stack):
            if start is None and not c.isspace():
                start = line
            head.append(c)
        if c == "\n":
            line += 1


def sizes(files):
    """What is over the line now: {(kind, name): (size, path, line)}."""
    over = {}
    for file in files:
        if not (file.is_code or file.is_script()):
            continue
        if len(file.lines) > FILE_LINES_MAX:
            over["file", file.path] = (len(file.lines), file.path, 1)
        if file.is_code:
            for name, line, size in functions(file.bare):
                if size > FUNCTION_LINES_MAX:
                    over["function", f"{file.path}:{name}"] = (size, file.path, line)
    return over


def read_ratchet(text):
    listed = {}
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            kind, size, name = line.split(None, 2)
            listed[kind, name] = int(size)
    return listed


def check_sizes(over, listed):
    for (kind, name), (size, path, line) in over.items():
        limit = FILE_LINES_MAX if kind == "file" else FUNCTION_LINES_MAX
        was = listed.get((kind, name))
        if was is None:
            yield Finding(path, line, "size", f"{kind} of {size} lines, over {limit}: split it, or "
                          f"if it reads well as it is add '{kind} {size} {name}' to {RATCHET}")
        elif size > was:
            yield Finding(path, line, "size", f"{kind} grew from {was} to {size} lines")
    for (kind, name), was in listed.items():
        now = over.get((kind, name), (0,))[0]
        if now < was:
            yield Finding(RATCHET, 1, "size",
                          f"{name} shrank to {now}: run tools/tidy.py --ratchet")


def check_readmes(files):
    by_path = {f.path: f for f in files}
    for folder in README_FOLDERS:
        held = [f for f in files if f.path.startswith(folder + "/")]
        readme = by_path.get(folder + "/README.md")
        if held and readme is None:
            yield Finding(folder, 1, "readme", "write README.md: which question does it answer?")
        elif readme and len(readme.lines) > README_LINES_MAX:
            yield Finding(readme.path, len(readme.lines), "readme",
                          f"one page is {README_LINES_MAX} lines")


def check_mirror(files, exempt):
    paths = {f.path for f in files}
    modules = {}
    for file in files:
        if file.path.startswith(("kernels/", "hostpath/", "net/")) and file.is_code:
            modules.setdefault(VARIANT.sub("", os.path.splitext(file.path)[0]), file.path)
    for module, path in modules.items():
        if f"tests/{module}_test.cpp" not in paths and module not in exempt:
            yield Finding(path, 1, "mirror",
                          f"write tests/{module}_test.cpp, or exempt it in tools/tidy.py")
    for module in exempt:
        if module not in modules or f"tests/{module}_test.cpp" in paths:
            yield Finding("tools/tidy.py", 1, "mirror", f"{module} needs no exemption any more")


def check(files, ratchet_text, exempt):
    findings = []
    for file in files:
        for rule in (check_includes, check_words, check_form, check_places):
            findings += rule(file)
    findings += check_sizes(sizes(files), read_ratchet(ratchet_text))
    findings += check_readmes(files)
    findings += check_mirror(files, exempt)
    return findings


# --- Self-test -----------------------------------------------------------------------------------

def long_function(lines):
    return "int f(int a) {\n" + "    ++a;\n" * (lines - 2) + "}\n"


# rule, path, a snippet that must be found, one that must not.
SNIPPETS = [
    ("include", "net/a.cpp", '#include "hostpath/engine.h"\n', '#include "net/b.h"\n'),
    ("include", "hostpath/a.cpp", '#include "net/b.h"\n', '#include "kernels/rules/b.h"\n'),
    ("include", "kernels/rules/a.cpp", '#include "kernels/cpu/b.h"\n', '#include "trommel/b.h"\n'),
    ("include", "tests/kit/a.cpp", '#include "kernels/rules/b.h"\n', '#include "tests/kit/b.h"\n'),
    ("include", "kernels/cpu/a.cpp", '#include "b.h"\n', '// #include "b.h"\n'),
    ("include", "kernels/cpu/a.cpp", "#include <trommel/b.h>\n", "#include <vector>\n"),
    ("include", "hostpath/a.cpp", "#include <simdjson.h>\n", "#include <xxhash.h>\n"),
    ("include", "tests/examples/a.cpp", '#include "trommel/b.h"\n', "#include <trommel/b.h>\n"),
    ("atomic", "net/a.cpp", "std::atomic<int> a;\n", "// std::atomic\n"),
    ("atomic", "kernels/cpu/a.cpp", "#include <atomic>\n", 'const char* a = "std::atomic";\n'),
    ("fence", "hostpath/wait.h", "std::atomic_thread_fence(x);\n", "#pragma once\nint a;\n"),
    ("thread", "hostpath/worker.cpp", "std::thread t;\n",
     "std::thread::hardware_concurrency();\n"),
    ("lock", "hostpath/worker.cpp", "std::mutex m;\n", "int mutex_free;\n"),
    ("shared_ptr", "hostpath/worker.cpp", "std::shared_ptr<int> m;\n", "std::unique_ptr<int> m;\n"),
    ("prints", "net/a.cpp", 'std::printf("x");\n', 'std::snprintf(b, 1, "x");\n'),
    ("prints", "kernels/cpu/a.cpp", "std::cerr << 1;\n", "tools_cerr();\n"),
    ("exits", "net/a.cpp", "std::abort();\n", "sink.abort();\n"),
    ("exits", "net/a.cpp", "exit(1);\n", "on_exit(1);\n"),
    ("using-namespace", "net/a.cpp", "using namespace std;\n", "using std::swap;\n"),
    ("vague-name", "net/a.cpp", "class SinkManager {};\n", "class Sink {};\n"),
    ("pragma-once", "net/a.h", "int a;\n", "#pragma once\nint a;\n"),
    ("pragma-once", "net/pass.h", "int a;\n", "#pragma once\nint a;\n"),
    ("columns", "net/a.cpp", "// " + "x" * 98 + "\n", "// " + "\u00e9" * 97 + "\n"),
    ("tab", "net/a.cpp", "\tint a;\n", "    int a;\n"),
    ("trailing-blank", "net/a.cpp", "int a; \n", "int a;\n"),
    ("line-end", "net/a.cpp", "int a;\r\n", "int a;\n"),
    ("heading", "net/a.md", "#A title\n", "# A title\n"),
    ("last-line", "net/a.cpp", "int a;", "int a;\n"),
    ("machine-path", "README.md", "see /home/" + "me/x\n", "see ~/x and build/tmp/x\n"),
    ("secret", "README.md", "-----BEGIN RSA " + "PRIVATE KEY-----\n", "a private key\n"),
    ("size", "net/a.cpp", "int a;\n" * 501, "int a;\n" * 500),
    ("size", "net/a.cpp", long_function(71), long_function(70)),
    ("size", "net/a.cpp", "A::A()\n    : a_{1}, b_{2} {\n" + "x;\n" * 70 + "}\n",
     "struct A {\n" + "int f() { return 1; }\n" * 99 + "};\n"),
    ("readme", "net/README.md", "# x\n" * 61, "# x\n" * 60),
]


def self_test():
    failures = 0

    def expect(rule, files, ratchet, exempt, wanted):
        nonlocal failures
        found = any(f.rule == rule for f in check(files, ratchet, exempt))
        if found != wanted:
            failures += 1
            print(f"self-test: {rule}: {'missed' if wanted else 'false alarm'}: "
                  f"{files[0].path}: {files[0].text[:60]!r}")

    for rule, path, bad, good in SNIPPETS:
        expect(rule, [File(path, bad)], "", {}, True)
        expect(rule, [File(path, good)], "", {}, False)
    grown = [File("net/a.cpp", long_function(80))]
    expect("size", grown, "function 79 net/a.cpp:f\n", {}, True)
    expect("size", grown, "function 80 net/a.cpp:f\n", {}, False)
    expect("size", grown, "function 81 net/a.cpp:f\n", {}, True)
    lone = File("net/a.cpp", "int a;\n")
    expect("mirror", [lone], "", {}, True)
    expect("mirror", [lone], "", {"net/a": "why"}, False)
    expect("mirror", [lone, File("tests/net/a_test.cpp", "int a;\n")], "", {}, False)
    expect("mirror", [lone], "", {"net/a": "why", "net/gone": "why"}, True)
    variant = File("net/a_avx2.cpp", "int a;\n")
    expect("mirror", [variant], "", {}, True)
    expect("mirror", [variant, File("tests/net/a_test.cpp", "int a;\n")], "", {}, False)
    expect("readme", [lone], "", {}, True)
    rules = {f[0] for f in SNIPPETS} | {"mirror"}
    for rule, *_ in WORDS:
        if rule not in rules:
            failures += 1
            print(f"self-test: {rule} has no snippet")
    print(f"self-test: {failures} failures" if failures else f"self-test: {len(rules)} rules hold")
    return 1 if failures else 0


# --- Main ----------------------------------------------------------------------------------------

def lower_ratchet(files, text):
    over = sizes(files)
    lines = []
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            kind, size, name = line.split(None, 2)
            now = over.get((kind, name), (0,))[0]
            if now == 0:
                continue
            line = f"{kind} {min(int(size), now)} {name}"
        lines.append(line)
    return "\n".join(lines)


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    ratchet_path = os.path.join(ROOT, RATCHET)
    with open(ratchet_path, encoding="utf-8") as f:
        ratchet = f.read()
    files = read_tree(ROOT)
    if arguments == ["--ratchet"]:
        with open(ratchet_path, "w", encoding="utf-8") as f:
            f.write(lower_ratchet(files, ratchet))
        return 0
    if arguments:
        print(__doc__)
        return 64
    findings = sorted(check(files, ratchet, NO_MIRRORED_TEST))
    for f in findings:
        print(f"{f.path}:{f.line}: {f.rule}: {f.text}")
    print(f"tidy: {len(findings)} findings in {len(files)} files")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
