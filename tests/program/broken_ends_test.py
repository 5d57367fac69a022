#!/usr/bin/env python3
"""Sources that cannot be read, outputs that cannot be written, words that are no job: what
the program says, what it exits with, and that nothing half-written has a final name."""
import os
import resource
import subprocess
import unittest

from trommel_program import (
    CORRUPT,
    DONE,
    IO,
    JOB_FILE,
    MEMORY_FULL,
    NO_INPUT,
    USAGE,
    Case,
    commits,
    job_path,
    main,
    oracle,
    settings,
)

EVENTS = b"".join(
    b'{"id":"%d","time":"2026-01-01T00:%02d:00Z","k":"key %d"}\n' % (n, n // 1000 % 60, n)
    for n in range(60000)
)
JOB = """
source: { type: stdin }
decode: { fields: { id: id, time: time, key: k } }
aggregates: { n: count }
windows: [ { name: w, size: 1m } ]
"""
AS_ROOT = os.geteuid() == 0


def file_limit(size):
    """For a child: no file may grow beyond `size` bytes, as on a disk that is full by then."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def as_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


class BrokenEnds(Case):
    def setUp(self):
        super().setUp()
        self.job = self.write("job.yaml", JOB)
        self.final = self.path("rows.csv")

    def to_file(self, output="windows"):
        return settings(sinks=f"[{{type: file, path: {self.final}, output: {output}}}]")

    def assert_nothing_final(self):
        self.assertFalse(os.path.exists(self.final))

    def from_file(self, path):
        return settings(source=f"{{type: file, path: {path}}}")

    # --- Sources ---

    def test_a_source_that_cannot_be_opened_is_no_input(self):
        loop = self.path("loop")
        os.symlink(loop, loop)
        for path, why in (
            (self.path("nowhere"), "No such file"),
            (self.folder, "Is a directory"),
            (self.write("a", "") + "/b", "Not a directory"),
            (loop, "symbolic links"),
            (self.path("x" * 300), "too long"),
            (self.path("*.none"), "no file matches"),
        ):
            with self.subTest(path):
                run = self.run_to_end("run", self.job, *self.from_file(path), *self.to_file())
                self.assertEqual(run.code, NO_INPUT, run.says)
                self.assertIn(path, run.says)
                self.assertIn(why, run.says)
                self.assert_nothing_final()

    def test_one_missing_file_of_several_is_told_before_any_work(self):
        good = self.write("good.ndjson", EVENTS)
        run = self.run_to_end(
            "run",
            self.job,
            *self.from_file(f"[{good}, {self.path('gone.ndjson')}]"),
            *self.to_file(),
        )
        self.assertEqual((run.code, run.rows), (NO_INPUT, b""))
        self.assertIn("gone.ndjson", run.says)
        self.assert_nothing_final()

    @unittest.skipUnless(AS_ROOT, "needs another user")
    def test_a_file_of_somebody_else_cannot_be_read_or_written(self):
        os.chmod(self.folder, 0o755)
        os.chmod(self.job, 0o644)
        secret = self.write("secret.ndjson", EVENTS)
        os.chmod(secret, 0)
        run = self.run_to_end("run", self.job, *self.from_file(secret), preexec_fn=as_nobody)
        self.assertEqual(run.code, NO_INPUT)
        self.assertRegex(run.says, r"secret\.ndjson: Permission denied")
        run = self.run_to_end("run", self.job, *self.to_file(), send=EVENTS, preexec_fn=as_nobody)
        self.assertEqual(run.code, IO)
        self.assertRegex(run.says, r"rows\.csv.*Permission denied")

    @unittest.skipUnless(AS_ROOT, "without another user no file is unreadable")
    def test_a_job_file_of_somebody_else_is_no_input(self):
        os.chmod(self.folder, 0o755)
        os.chmod(self.job, 0)
        run = self.run_to_end("run", self.job, preexec_fn=as_nobody)
        self.assertEqual(run.code, NO_INPUT)
        self.assertIn("Permission denied", run.says)

    def test_a_file_that_vanishes_or_shrinks_while_it_is_read(self):
        """What is open stays readable; the run must end by itself and say what it did."""
        for harm in (os.remove, lambda path: os.truncate(path, 1000)):
            path = self.write("events.ndjson", EVENTS * 20)
            program = self.start(
                "run",
                self.job,
                *self.from_file(path),
                *settings(
                    sinks="[{type: stdout, output: unique}]", windows="[]", engine__threads=2
                ),
            )
            self.assertNotEqual(program.read_line(), b"")
            harm(path)
            program.finish()
            self.check_manners(program)
            self.assertEqual(program.code, DONE, program.says)
            self.assertGreater(program.ledger["in"], 0)

    def test_stdin_that_is_closed_is_told(self):
        run = self.run_to_end("run", self.job, preexec_fn=lambda: os.close(0), stdin=None)
        self.assertIn(run.code, (NO_INPUT, IO), run.says)
        self.assertIn("stdin", run.says)

    def test_a_directory_as_stdin_is_told(self):
        directory = os.open(self.folder, os.O_RDONLY)
        self.addCleanup(os.close, directory)
        run = self.run_to_end("run", self.job, stdin=directory)
        self.assertEqual(run.code, NO_INPUT, run.says)
        self.assertIn("stdin", run.says)

    # --- Outputs ---

    def test_a_full_disk_is_an_io_error_and_names_nothing(self):
        for output in ("windows", "unique"):
            for threads in (1, 2):
                with self.subTest(output=output, threads=threads):
                    run = self.run_to_end(
                        "run",
                        self.job,
                        *self.to_file(output),
                        *settings(engine__threads=threads),
                        send=EVENTS,
                        preexec_fn=file_limit(1 << 20),
                    )
                    self.assert_disk_is_full(run)

    def assert_disk_is_full(self, run):
        self.assertEqual(run.code, IO, run.says)
        self.assertRegex(run.says, r"error: .*rows\.csv.*(File too large|No space left)")
        self.assert_nothing_final()

    @unittest.skipUnless(AS_ROOT, "needs to mount")
    def test_a_small_file_system_is_an_io_error_and_names_nothing(self):
        disk = self.path("disk")
        os.mkdir(disk)
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True
        ).returncode:
            self.skipTest("mount is not allowed here")
        self.addCleanup(subprocess.run, ["umount", disk])
        self.final = os.path.join(disk, "rows.csv")
        self.assert_disk_is_full(self.run_to_end("run", self.job, *self.to_file(), send=EVENTS))

    def test_a_full_disk_under_the_dead_letters_is_an_io_error(self):
        dead = self.path("dead.ndjson")
        run = self.run_to_end(
            "run",
            self.job,
            *self.to_file(),
            *settings(dlq=f"{{type: file, path: {dead}}}"),
            send=b"damaged\n" * 20000,
            preexec_fn=file_limit(1 << 20),
        )
        self.assertEqual(run.code, IO, run.says)
        self.assertIn("dead.ndjson", run.says)
        self.assertFalse(os.path.exists(dead))
        self.assert_nothing_final()

    def test_a_full_device_under_stdout(self):
        for threads in (1, 2):
            with open("/dev/full", "wb") as full:
                run = self.run_to_end(
                    "run", self.job, *settings(engine__threads=threads), send=EVENTS, stdout=full
                )
            self.assertEqual(run.code, IO, run.says)
            self.assertRegex(run.says, "stdout.*No space left")

    def test_a_full_device_by_name(self):
        run = self.run_to_end(
            "run", self.job, *settings(sinks="[{type: file, path: /dev/full}]"), send=EVENTS
        )
        self.assertEqual(run.code, IO, run.says)
        self.assertIn("/dev/full", run.says)

    def test_check_and_version_notice_a_full_device_too(self):
        for words in (
            ["check", self.job],
            ["version"],
            ["--help"],
            ["run", "--print-demo"],
            ["check", "--fields"],
        ):
            with self.subTest(words), open("/dev/full", "wb") as full:
                run = self.start(*words, stdout=full).finish()
                self.assertEqual(run.code, IO)

    def test_a_reader_that_goes_away_ends_the_run_quietly(self):
        for words in (
            ["run", self.job],
            ["run", self.job, "-s", "engine.threads=1"],
            ["run"],
            ["gen"],
            ["run", self.job, "-s", "sinks=[{type: stdout, output: unique}]", "-s", "windows=[]"],
        ):
            with self.subTest(words):
                send = EVENTS * 5 if self.job in words else None
                program = self.start(*words, stdin=subprocess.PIPE if send else subprocess.DEVNULL)
                if send:
                    program.feed([send])
                self.assertNotEqual(program.read_line(), b"")
                program.process.stdout.close()  # As `| head -1` does.
                self.assertEqual(program.process.wait(), DONE, program.says)
                self.assertNotIn("error", program.says)

    def test_an_output_folder_that_is_missing_is_told_before_any_work(self):
        run = self.run_to_end(
            "run", self.job, *settings(sinks="[{type: file, path: no/such/rows.csv}]"), send=EVENTS
        )
        self.assertEqual(run.code, IO)
        self.assertRegex(run.says, r"no/such/rows\.csv.*No such file")

    def test_a_final_name_that_is_a_folder_is_told(self):
        os.mkdir(self.final)
        run = self.run_to_end("run", self.job, *self.to_file(), send=EVENTS[:1000])
        self.assertEqual(run.code, IO, run.says)
        self.assertIn("rows.csv", run.says)

    def test_used_up_memory_leaves_an_incomplete_file(self):
        job = self.write(
            "full.yaml",
            "source: {type: synthetic, events: 3M, keys: 1}\n"
            "windows: [{name: w, size: 1h}]\nengine: {memory: 16MiB, threads: 1}\n",
        )
        run = self.run_to_end("run", job, *self.to_file())
        self.assertEqual(run.code, MEMORY_FULL, run.says)
        self.assert_nothing_final()

    # --- Several files ---

    def test_files_that_a_field_parts_are_read_one_after_another(self):
        lines = commits().splitlines(keepends=True)
        for number in range(5):
            self.write(
                f"part-{number}.ndjson", b"".join(lines[number * 24000 : (number + 1) * 24000])
            )
        run = self.run_to_end(
            "run", job_path("weekly-60d"), *settings(source__path=f"'{self.path('part-?.ndjson')}'")
        )
        whole = self.run_to_end(
            "run", job_path("weekly-60d"), send=b"".join(lines), *settings(source__path="-")
        )
        self.assert_done(whole)
        self.assert_done(run, whole.rows)
        self.assertEqual(run.last_line, whole.last_line)

    def test_files_are_partitions_whose_answer_is_that_of_any_order(self):
        """With out_of_order as long as the stream nothing is late: the answer is the oracle's."""
        parts = [
            b"".join(
                b'{"id":"%d","time":"2026-01-%02dT00:%02d:00Z","k":"%d"}\n'
                % (n % 997, 1 + part, n % 60, n % 7)
                for n in range(part * 300, part * 300 + 900)
            )
            for part in range(4)
        ]
        for number, part in enumerate(parts):
            self.write(f"part-{number}.ndjson", part)
        whole = self.write("whole.ndjson", b"".join(parts))
        want, ledger = oracle(
            whole,
            "--key",
            "k",
            "--window",
            "w=tumbling:1m",
            "--horizon",
            "30d",
            "--out-of-order",
            "10d",
            "--scope",
            "key",
        )
        for threads in (1, 3):
            run = self.run_to_end(
                "run",
                self.job,
                "--json",
                *self.from_file(f"'{self.path('part-*.ndjson')}'"),
                *settings(
                    dedup="{horizon: 30d, scope: key}",
                    time="{out_of_order: 10d}",
                    engine__threads=threads,
                ),
            )
            self.assert_done(run, want.replace(b",count\n", b",n\n", 1))
            self.assertEqual({name: run.ledger[name] for name in ledger}, ledger)
            names = [p["name"] for p in run.report["partitions"]]
            self.assertEqual(names, [self.path(f"part-{n}.ndjson") for n in range(4)])

    # --- The job and the command line ---

    def test_a_lone_dash_is_standard_input(self):
        want = self.run_to_end("run", self.job, send=EVENTS)
        for source in (
            ["source.path=-", "source.type=file"],
            ["source={type: file, path: '-'}"],
            ["source={type: stdin}"],
            ["source={type: file, path: ['-']}"],
        ):
            words = [word for assignment in source for word in ("-s", assignment)]
            self.assert_done(self.run_to_end("run", self.job, *words, send=EVENTS), want.rows)
        as_file = self.write(
            "file.yaml", JOB.replace("{ type: stdin }", '{ type: file, path: "-" }')
        )
        self.assert_done(self.run_to_end("run", as_file, send=EVENTS), want.rows)
        self.assert_done(
            self.run_to_end(
                "run", self.job, *settings(sinks="[{type: file, path: '-'}]"), send=EVENTS
            ),
            want.rows,
        )
        self.assert_done(
            self.run_to_end(
                "run", "-", *self.from_file(self.write("events.ndjson", EVENTS)), send=JOB.encode()
            ),
            want.rows,
        )

    def test_a_dash_that_yaml_takes_for_a_list_gets_a_hint(self):
        job = self.write("dash.yaml", JOB.replace("{ type: stdin }", "{ type: file, path: - }"))
        run = self.run_to_end("check", job)
        self.assertEqual(run.code, JOB_FILE)
        self.assertIn(
            "dash.yaml:2:29: error: not valid YAML: illegal block entry; "
            'for standard input write "-" in quotes',
            run.says,
        )

    def test_every_exit_code(self):
        bad = self.write("bad.yaml", JOB + "nmae: x\n")
        table = (
            (DONE, ["run", self.job], EVENTS),
            (DONE, ["check", self.job], None),
            (DONE, ["version"], None),
            (DONE, ["--help"], None),
            (USAGE, [], None),
            (USAGE, ["rnu"], None),
            (USAGE, ["run", "--jsno"], None),
            (USAGE, ["check"], None),
            (USAGE, ["run", self.job, "more"], None),
            (USAGE, ["gen", "--events", "x"], None),
            (CORRUPT, ["run", self.job, *settings(decode__on_error="fail")], b"damaged"),
            (NO_INPUT, ["run", self.path("none.yaml")], None),
            (NO_INPUT, ["check", self.path("none.yaml")], None),
            (NO_INPUT, ["run", self.job, *self.from_file("none.ndjson")], None),
            (IO, ["run", self.job, *settings(sinks="[{type: file, path: no/rows.csv}]")], EVENTS),
            (
                MEMORY_FULL,
                [
                    "run",
                    *settings(engine__memory="16MiB", dedup="{horizon: 10h}", engine__threads=1),
                ],
                None,
            ),
            (JOB_FILE, ["run", bad], None),
            (JOB_FILE, ["check", bad], None),
            (JOB_FILE, ["run", self.job, *settings(engine__type="gpu")], None),
            (JOB_FILE, ["run", self.job, "-s", "nonsense"], None),
            (JOB_FILE, ["run", self.write("empty.yaml", "")], None),
            (JOB_FILE, ["run", self.write("noise.yaml", bytes(range(256)))], None),
        )
        for code, words, send in table:
            with self.subTest(words):
                run = self.run_to_end(*words, send=send)
                self.assertEqual(run.code, code, run.says)

    def test_two_outputs_cannot_share_a_file(self):
        run = self.run_to_end(
            "run", self.job, *self.to_file(), *settings(dlq=f"{{type: file, path: {self.final}}}")
        )
        self.assertEqual(run.code, JOB_FILE)
        self.assertIn("already taken", run.says)


if __name__ == "__main__":
    main()
