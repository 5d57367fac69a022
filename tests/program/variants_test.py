#!/usr/bin/env python3
"""Every variant gives the same answer: instruction sets, engines, formats, sinks; and the demo."""
import glob
import json
import os
import re
import unittest

from trommel_program import DATA, JOB_FILE, VERDICTS, Case, job_path, main, settings


class Variants(Case):
    def instruction_sets(self):
        said = self.run_to_end("version", "--verbose").rows.decode()
        best = re.search(r"^SIMD +(\w+) available, (\w+) chosen$", said, re.MULTILINE)
        self.assertIsNotNone(best, said)
        self.assertEqual(best[1], best[2])
        known = ("scalar", "avx2", "avx512")
        return known[: known.index(best[1]) + 1], known[known.index(best[1]) + 1 :]

    def test_every_instruction_set_gives_the_same_bytes(self):
        here, _ = self.instruction_sets()
        for job in ("weekly-60d", "bursts"):
            answers = {}
            for simd in here:
                run = self.run_to_end(
                    "run",
                    job_path(job),
                    "--json",
                    cwd=os.path.dirname(os.path.dirname(DATA)),
                    env={"TROMMEL_SIMD": simd},
                )
                self.assert_done(run)
                self.assertEqual(run.report["simd"], simd)
                self.assertEqual(run.report["engine"], "cpu")
                answers[simd] = (run.rows, tuple(run.ledger.values()))
            self.assertEqual(len(set(answers.values())), 1, answers.keys())

    def test_version_tells_which_instruction_set_is_forced(self):
        for simd in self.instruction_sets()[0]:
            run = self.run_to_end("version", "--verbose", env={"TROMMEL_SIMD": simd})
            self.assertIn(f"{simd} chosen".encode(), run.rows)

    def test_an_instruction_set_that_is_none_or_not_here_is_told(self):
        for simd in ("neon", *self.instruction_sets()[1]):
            run = self.run_to_end("run", job_path("weekly-60d"), env={"TROMMEL_SIMD": simd})
            self.assertEqual(run.code, JOB_FILE, run.says)
            self.assertIn("TROMMEL_SIMD", run.says)

    def test_the_engine_can_be_forced(self):
        root = os.path.dirname(os.path.dirname(DATA))
        want = self.run_to_end("run", job_path("weekly-60d"), cwd=root)
        self.assert_done(want)
        for engine in ("cpu", "auto", ""):
            run = self.run_to_end(
                "run", job_path("weekly-60d"), cwd=root, env={"TROMMEL_ENGINE": engine}
            )
            self.assert_done(run, want.rows)
        for engine in ("gpu", "abacus"):
            run = self.run_to_end(
                "run", job_path("weekly-60d"), cwd=root, env={"TROMMEL_ENGINE": engine}
            )
            self.assertEqual(run.code, JOB_FILE)
            self.assertIn(f"TROMMEL_ENGINE={engine}", run.says)

    def test_check_finds_nothing_wrong_with_the_jobs_of_this_tree(self):
        jobs = glob.glob(os.path.join(DATA, "jobs", "*.yaml"))
        self.assertGreaterEqual(len(jobs), 4)
        for job in jobs:
            with self.subTest(job):
                run = self.run_to_end("check", job, cwd=os.path.dirname(os.path.dirname(DATA)))
                self.assert_done(run)
                self.assertNotIn("error", run.says)
                self.assertIn(b"\nmemory ", run.rows)

    def test_the_demo_meets_its_truth(self):
        for threads in (1, 2):
            run = self.run_to_end(
                "run", "--json", "-s", "source.events=2M", *settings(engine__threads=threads)
            )
            self.assert_done(run)
            self.assertEqual(
                {v: run.report["truth"][v] for v in VERDICTS[:4]},
                {v: run.ledger[v] for v in VERDICTS[:4]},
            )
            self.assertIs(run.report["truth_met"], True)
            for verdict in VERDICTS[:4]:
                self.assertGreater(run.ledger[verdict], 0)

    def test_the_demo_as_it_is_says_so_in_words(self):
        run = self.run_to_end("run")
        self.assert_done(run)
        self.assertEqual(run.ledger["in"], 5_000_000)
        self.assertIn("The ledger says the same:", run.says)

    def test_rows_as_json_hold_what_rows_as_csv_hold(self):
        root = os.path.dirname(os.path.dirname(DATA))
        tables = []
        for kind in ("csv", "json"):
            run = self.run_to_end(
                "run",
                job_path("weekly-60d"),
                cwd=root,
                *settings(sinks=f"[{{type: stdout, format: {kind}}}]"),
            )
            self.assert_done(run)
            tables.append(run.rows.decode().splitlines())
        names, *rows = (line.split(",") for line in tables[0])
        self.assertEqual(len(rows), len(tables[1]))
        for row, line in zip(rows, tables[1]):
            self.assertEqual([str(value) for value in json.loads(line).values()], row)
            self.assertEqual(list(json.loads(line)), names)

    def test_two_sinks_get_the_same_rows(self):
        path = self.path("rows.csv")
        run = self.run_to_end(
            "run",
            job_path("weekly-60d"),
            cwd=os.path.dirname(os.path.dirname(DATA)),
            *settings(sinks=f"[{{type: stdout}}, {{type: file, path: {path}}}]"),
        )
        self.assert_done(run, self.read("rows.csv"))

    def test_output_unique_is_the_same_lines_for_any_threads(self):
        root = os.path.dirname(os.path.dirname(DATA))
        answers = set()
        for threads in (1, 2, 5):
            run = self.run_to_end(
                "run",
                job_path("weekly-60d"),
                cwd=root,
                *settings(
                    sinks="[{type: stdout, output: unique}]",
                    engine__threads=threads,
                    engine__batch_records=97 * threads,
                ),
            )
            self.assert_done(run)
            self.assertEqual(run.rows.count(b"\n"), run.ledger["unique"])
            answers.add(run.rows)
        self.assertEqual(len(answers), 1)


if __name__ == "__main__":
    main()
