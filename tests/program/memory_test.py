#!/usr/bin/env python3
"""Memory: flat once the horizon is full, and bounded under every policy."""
import unittest

from trommel_program import DONE, JOB_FILE, LONG, MEMORY_FULL, SANITIZED, Case, main, settings

MIB = 1 << 20
FLAT = """
source: { type: synthetic, events: 1, seed: 7, keys: 10k, step: 10us, duplicates: 5%,
          duplicate_distance: 50k, disorder: 1s, late: 0.1%, late_by: 10s }
dedup: { horizon: 8s }
time: { out_of_order: 2s, allowed_lateness: 1s }
aggregates: { n: count, s: sum(v0) }
windows: [ { name: w, size: 1s } ]
sinks: [ { type: 'null' } ]
"""
# A few seconds of events: all is remembered and nothing is final, until the memory is used up.
FULL = """
source: { type: synthetic, events: 1, seed: 7, keys: 1, duplicates: 5%, duplicate_distance: 10k }
dedup: { horizon: 730d }
time: { out_of_order: 300d }
aggregates: { n: count, s: sum(v0) }
windows: [ { name: w, size: 365d } ]
sinks: [ { type: 'null' } ]
engine: { memory: 1GiB }
"""


class Memory(Case):
    def run_job(self, job, *more):
        return self.run_to_end("run", self.write("job.yaml", job), "--json", *more)

    def assert_bounded(self, report, memory):
        self.assertEqual(report["memory_bytes"], memory)
        if not SANITIZED:
            self.assertLess(report["resident_bytes_max"], 1.05 * memory + 64 * MIB)

    # --- Flat ---

    def compare(self, few, many, *more):
        short, long = (
            self.run_job(FLAT, *settings(source__events=events), *more) for events in (few, many)
        )
        for run, events in ((short, few), (long, many)):
            self.assert_done(run)
            self.assertEqual(run.ledger["in"], int(events[:-1]) * 10**6)
        kept = {
            what: [sum(shard[what] for shard in run.report["shards"]) for run in (short, long)]
            for what in ("live_ids", "keys", "id_bytes", "key_bytes")
        }
        # With more threads it is chance whether the last of the rows have left: a window's rare
        # keys are an eighth of all.
        more_keys = 1.1 if "engine.threads=1" in more else 1.25
        kept["resident"] = [run.report["resident_bytes_max"] for run in (short, long)]
        for what, (before, after) in kept.items():
            if not (SANITIZED and what == "resident"):
                more_times = more_keys if what == "keys" else 1.1
                self.assertLessEqual(
                    after, before * more_times + (4 * MIB if what == "resident" else 0), kept
                )
        if LONG:
            print(few, many, *more, kept, long.report["seconds"])

    def test_memory_is_flat_once_the_horizon_is_full(self):
        for more in (["-s", "engine.threads=1"], ["-s", "engine.threads=2"]):
            with self.subTest(more):
                self.compare("2M", "5M", *more)

    @unittest.skipUnless(LONG, "200 million events: TROMMEL_LONG=1")
    def test_memory_is_flat_over_200_million_events(self):
        self.compare("5M", "200M", "-s", "engine.threads=2", "-s", "dedup.horizon=30s")

    # --- Bounded ---

    # What is used up, and the settings and on_full values to use it up with.
    WAYS = (
        ("ids", (), ("stop", "refuse")),
        (
            "old ids",
            ("-s", "source.step=1s"),
            ("forget",),
        ),  # A month or more of events: some are older.
        ("keys", ("-s", "source.keys=1000M"), ("stop", "refuse")),
        ("panes", ("-s", "windows[0].size=1ms", "-s", "source.step=1ms"), ("stop", "refuse")),
        (
            "sessions",
            ("-s", "windows[0]={name: s, type: session, gap: 1us}", "-s", "source.step=2us"),
            ("stop", "refuse"),
        ),
    )

    def check_full(self, memory, events, *more):
        for what, job, policies in self.WAYS:
            for on_full in policies:
                with self.subTest(what=what, on_full=on_full, memory=memory, more=more):
                    run = self.run_job(
                        FULL,
                        *settings(
                            source__events=events, engine__memory=memory, engine__on_full=on_full
                        ),
                        *job,
                        *more,
                    )
                    report, ledger = run.report, run.ledger
                    if LONG:
                        print(
                            what,
                            on_full,
                            memory,
                            *more,
                            run.code,
                            ledger,
                            report["resident_bytes_max"] // MIB,
                            "MiB",
                            report["seconds"],
                            "s",
                            report["horizon_shortened_us"],
                            run.says[:300],
                        )
                    self.assert_bounded(report, report["memory_bytes"])
                    getattr(self, "check_" + on_full)(run, ledger, int(events[:-1]) * 10**6)

    def check_stop(self, run, ledger, events):
        self.assertEqual(run.code, MEMORY_FULL)
        self.assertLess(ledger["in"], events)
        self.assertFalse(run.report["complete"])
        self.assertRegex(run.says, r"used up|full")  # What is wrong,
        self.assertRegex(run.says, r"engine\.memory|on_full")  # and what to do.

    def check_refuse(self, run, ledger, events):
        self.assertEqual((run.code, ledger["in"]), (DONE, events))
        self.assertGreater(ledger["refused"], 0)
        # Nothing is counted twice: the made-up stream has that many ids.
        self.assertLessEqual(ledger["unique"] + ledger["refused"], events)
        self.assertLessEqual(ledger["duplicate"], 0.06 * events)

    def check_forget(self, run, ledger, events):
        self.assertEqual((run.code, ledger["in"], ledger["refused"]), (DONE, events, 0))
        self.assertGreater(run.report["horizon_shortened_us"], 0)
        # Copies come at most 10,000 records later, long before their originals are forgotten.
        self.assertGreater(ledger["duplicate"], 0.04 * events)

    def test_a_full_memory_is_bounded_under_every_policy(self):
        for threads in (1, 2):
            self.check_full("32MiB", "3M", "-s", f"engine.threads={threads}")

    @unittest.skipUnless(LONG, "hundreds of millions of events: TROMMEL_LONG=1")
    def test_a_full_gibibyte_is_bounded_under_every_policy(self):
        self.check_full("1GiB", "100M", "-s", "engine.threads=2")

    def approximate(self, memory, capacity, events, on_full="stop", step="1us"):
        return self.run_job(
            FULL,
            "-s",
            f"dedup={{mode: approximate, error_rate: 1%, capacity: {capacity}, horizon: 730d}}",
            *settings(
                source__events=events,
                engine__memory=memory,
                engine__on_full=on_full,
                engine__seed=1,
                source__step=step,
                time__out_of_order="1d",
                windows="[{name: w, size: 1d}]",
            ),
        )

    def test_an_approximate_filter_beyond_its_capacity_keeps_its_size(self):
        # With such a step half a horizon of events fits the filter, and a whole one does not.
        sizes = [("64MiB", "1M", "3M", "52s")] + (
            [("1GiB", "100M", "200M", "525ms")] if LONG else []
        )
        for memory, capacity, events, step in sizes:
            for on_full in ("stop", "refuse", "forget"):
                with self.subTest(memory=memory, on_full=on_full):
                    run = self.approximate(memory, capacity, events, on_full, step)
                    if LONG:
                        print(
                            "approximate",
                            memory,
                            on_full,
                            run.code,
                            run.ledger,
                            run.report["resident_bytes_max"] // MIB,
                            "MiB",
                            run.report["seconds"],
                            "s",
                            run.says[:300],
                        )
                    self.assert_bounded(run.report, run.report["memory_bytes"])
                    getattr(self, "check_" + on_full)(run, run.ledger, int(events[:-1]) * 10**6)

    def test_a_job_that_cannot_fit_is_refused_before_it_runs(self):
        run = self.approximate("64MiB", "1000M", "1M")
        self.assertEqual(run.code, JOB_FILE, run.says)
        self.assertRegex(run.says, r"memory|capacity")
        self.assertEqual(run.rows, b"")

    def test_nothing_happens_below_the_limit(self):
        ledgers = set()
        for on_full in ("stop", "refuse", "forget"):
            run = self.run_job(
                FULL,
                *settings(source__events="1M", engine__memory="256MiB", engine__on_full=on_full),
            )
            self.assert_done(run)
            self.assertEqual(run.report["horizon_shortened_us"], 0)
            ledgers.add(tuple(run.ledger.values()))
        self.assertEqual(len(ledgers), 1)


if __name__ == "__main__":
    main()
