#!/usr/bin/env python3
"""An input that stays open: final rows leave before the end, and a signal drains what was read."""
import os
import signal
import subprocess
import time

from trommel_program import (
    DONE,
    INTERRUPTED,
    HANGS_AFTER_S,
    VERDICTS,
    Case,
    commits,
    job_path,
    main,
    settings,
)

HALF = 60000  # Records that are fed before the input falls silent.


def wait_until(condition):
    """Waits for what must come. Nothing is measured: the limit only ends a test that has failed."""
    limit = time.monotonic() + HANGS_AFTER_S
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError("it never happened")
        time.sleep(0.005)


class LiveInput(Case):
    @classmethod
    def setUpClass(cls):
        lines = commits().splitlines(keepends=True)
        cls.first, cls.rest = b"".join(lines[:HALF]), b"".join(lines[HALF:])
        cls.lines = lines

    def start_on_fifo(self, *more):
        """A run of weekly-60d on a FIFO, and the writing end of it."""
        os.mkfifo(self.path("fifo"))
        program = self.start(
            "run", job_path("weekly-60d"), *settings(source__path=self.path("fifo")), *more
        )
        return program, self.open_for_writing(self.path("fifo"), program)

    def open_for_writing(self, fifo, program):
        """Waits for the reader, as long as it runs."""
        writers = []

        def opened():
            self.assertIsNone(program.process.poll(), program.says)
            try:
                writers.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:  # Nobody reads it yet.
                return False
            return True

        wait_until(opened)
        os.set_blocking(writers[0], True)
        writer = open(writers[0], "wb", buffering=0)
        self.addCleanup(writer.close)
        return writer

    def rows_of(self, records):
        """What a run over the stream's first records prints."""
        path = self.write("part.ndjson", b"".join(self.lines[:records]))
        run = self.run_to_end("run", job_path("weekly-60d"), *settings(source__path=path))
        self.assert_done(run)
        return run.rows

    def read_rows(self, program, count):
        for _ in range(count):
            self.assertNotEqual(program.read_line(), b"", program.says)

    def test_final_rows_leave_while_the_input_is_open(self):
        for threads in (1, 3):
            with self.subTest(threads=threads):
                program, writer = self.start_on_fifo(*settings(engine__threads=threads))
                program.feed([self.first], writer, end=False)
                self.read_rows(program, 500)
                self.assertIsNone(program.process.poll())  # It waits for more.
                early = program.rows
                program.feed([self.rest], writer)
                self.assert_done(program.finish(), self.rows_of(len(self.lines)))
                self.assertTrue(program.rows.startswith(early))
                os.remove(self.path("fifo"))

    def test_stdin_that_stays_open_is_no_different(self):
        program = self.start(
            "run", job_path("weekly-60d"), *settings(source__path="-"), stdin=subprocess.PIPE
        )
        program.feed([self.first], end=False)
        self.read_rows(program, 500)
        self.assertIsNone(program.process.poll())
        program.feed([self.rest])
        self.assert_done(program.finish(), self.rows_of(len(self.lines)))

    def test_a_fifo_without_a_writer_yet_is_waited_for(self):
        os.mkfifo(self.path("fifo"))
        program = self.start(
            "run", job_path("weekly-60d"), "--json", *settings(source__path=self.path("fifo"))
        )
        wait_until(lambda: '"progress"' in program.says)
        program.feed([self.first], self.open_for_writing(self.path("fifo"), program))
        self.assert_done(program.finish(), self.rows_of(HALF))

    def test_an_event_alone_is_judged_without_waiting_for_a_full_batch(self):
        program = self.start(
            "run",
            job_path("weekly-60d"),
            *settings(
                source__path="-",
                dedup__horizon="20d",
                time="{out_of_order: 1d}",
                windows="[{name: d, size: 1d}]",
            ),
            stdin=subprocess.PIPE,
        )
        for day in (1, 2, 3, 4):
            program.process.stdin.write(
                b'{"id":"%d","project":"p","time":"2026-01-%02dT00:00:00Z",'
                b'"files":1,"insertions":2,"deletions":3}\n' % (day, day)
            )
            program.process.stdin.flush()
            if day == 3:  # A day of disorder: the third day makes the first final.
                self.assertTrue(program.read_line().startswith(b"window,"), program.says)
            if day >= 3:
                self.assertTrue(program.read_line().startswith(b"d,"), program.says)
        program.feed([])
        self.assert_done(program.finish())

    def test_a_file_gets_its_name_only_at_the_end(self):
        final, partial = self.path("rows.csv"), self.path("rows.csv.partial")
        program, writer = self.start_on_fifo(*settings(sinks=f"[{{type: file, path: {final}}}]"))
        writer.write(self.first)
        wait_until(lambda: os.path.exists(partial) and os.path.getsize(partial) > 10000)
        self.assertFalse(os.path.exists(final))
        self.assertEqual(program.process.poll(), None)
        writer.write(self.rest)
        writer.close()
        self.assert_done(program.finish(), b"")
        self.assertFalse(os.path.exists(partial))
        self.assert_same_bytes(self.read("rows.csv"), self.rows_of(len(self.lines)), program)

    def test_an_older_file_keeps_its_name_until_then(self):
        final = self.write("rows.csv", "yesterday's\n")
        program, writer = self.start_on_fifo(*settings(sinks=f"[{{type: file, path: {final}}}]"))
        writer.write(self.first)
        wait_until(
            lambda: os.path.exists(final + ".partial")
            and os.path.getsize(final + ".partial") > 10000
        )
        self.assertEqual(self.read("rows.csv"), b"yesterday's\n")
        writer.close()
        self.assert_done(program.finish())
        self.assert_same_bytes(self.read("rows.csv"), self.rows_of(HALF), program)

    def test_a_signal_drains_and_completes_what_was_read(self):
        for number, threads in ((signal.SIGINT, 1), (signal.SIGTERM, 2), (signal.SIGTERM, 8)):
            with self.subTest(signal=number, threads=threads):
                final, dead = self.path("rows.csv"), self.path("dead.ndjson")
                program, writer = self.start_on_fifo(
                    *settings(
                        engine__threads=threads,
                        dlq=f"{{type: file, path: {dead}}}",
                        sinks=f"[{{type: stdout}}, {{type: file, path: {final}}}]",
                    )
                )
                program.feed([self.first], writer, end=False)
                self.read_rows(program, 500)
                program.process.send_signal(number)
                self.assertEqual(program.finish().code, DONE, program.says)
                self.check_manners(program)
                ledger = program.ledger
                self.assertGreater(ledger["in"], 0)
                self.assertEqual(ledger["in"], sum(ledger[v] for v in VERDICTS))
                # The answer for the records that were read, no more and no less.
                self.assert_same_bytes(program.rows, self.rows_of(ledger["in"]), program)
                self.assert_same_bytes(self.read("rows.csv"), program.rows, program)
                letters = self.read("dead.ndjson").count(b"\n")
                self.assertEqual(letters, ledger["late"] + ledger["corrupt"])
                self.assertFalse(
                    [name for name in os.listdir(self.folder) if name.endswith(".partial")]
                )
                for name in ("fifo", "rows.csv", "dead.ndjson"):
                    os.remove(self.path(name))

    def test_a_second_signal_ends_it_at_once_and_names_nothing(self):
        final = self.path("rows.csv")
        program, writer = self.start_on_fifo(*settings(sinks=f"[{{type: file, path: {final}}}]"))
        writer.write(self.first)
        wait_until(
            lambda: os.path.exists(final + ".partial")
            and os.path.getsize(final + ".partial") > 10000
        )
        # Both are pending when it goes on, so that it cannot end between them.
        for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
            program.process.send_signal(number)
        self.assertEqual(program.finish().code, INTERRUPTED)
        self.assertFalse(os.path.exists(final))

    def test_a_signal_while_a_file_is_read_drains_too(self):
        path = self.write("commits.ndjson", self.first + self.rest)
        for threads in (1, 2):
            with self.subTest(threads=threads):
                program = self.start(
                    "run",
                    job_path("commits-per-week"),
                    *settings(
                        source__path=path,
                        sinks="[{type: stdout}]",
                        dlq="{type: 'null'}",
                        engine__threads=threads,
                    ),
                )
                self.read_rows(program, 100)
                program.process.send_signal(signal.SIGINT)
                program.finish()
                self.check_manners(program)
                self.assertEqual(program.code, DONE)
                self.assertLess(program.ledger["in"], len(self.lines))
                self.assertGreater(program.ledger["in"], 0)

    def test_a_signal_ends_a_run_that_waits_for_its_reader(self):
        """The reader of stdout has stalled: the first signal waits for it, the second does not."""
        program = self.start(
            "run",
            "-s",
            "source.events=100M",
            "-s",
            "windows[0].size=1ms",
            "-s",
            "sinks[0].time_format=us",
        )
        self.read_rows(program, 2)
        program.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        program.process.send_signal(signal.SIGTERM)
        self.assertEqual(program.process.wait(), INTERRUPTED)


if __name__ == "__main__":
    main()
