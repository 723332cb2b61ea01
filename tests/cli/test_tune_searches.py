"""weir tune: races, random searches, lockstep groups, constraints, rule sets, test traces, merges.

usage: test_tune_searches.py WEIR SOURCE
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

WEIR, SOURCE = os.path.abspath(sys.argv[1]), sys.argv[2]
CASCADE = "traces/cascades/binance-2025-01-27.json"
EARLIER = "traces/cascades/binance-2025-06-23.json"
FLASH = "traces/generated/g06-flash.json"
GRID = ["--param", "limiter.*.buffer=0:0.2:0.1", "--param", "limiter.*.reserve=0:0.4:0.2"]
FEW = ["--replications", "2", "--fresh", "2"]
NORMAL_BUFFER = "limiter.normal.buffer"


def run(*arguments):
    """Runs weir tune; exit code, standard output, standard error."""
    done = subprocess.run([WEIR, "tune", *arguments], cwd=SOURCE, capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr


class Tune(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def text(self, *arguments):
        code, out, error = run(*arguments)
        self.assertEqual(code, 0, error)
        return out

    def document(self, *arguments):
        return json.loads(self.text(*arguments, "--format", "json"))

    def refused(self, code, words, *arguments):
        got, _, error = run(*arguments)
        self.assertEqual(got, code, error)
        self.assertIn(words, error)

    def points(self, *arguments):
        """The points of a study, each a tuple of its settings."""
        rows = self.text(*arguments, "--format", "csv").splitlines()
        columns = sum(name.startswith("limiter.") for name in rows[0].split(","))
        return [tuple(row.split(",")[1:1 + columns]) for row in rows[1:]]

    def test_a_robust_study_takes_the_worst_rule_set(self):
        study = [CASCADE, "--param", "limiter.*.buffer=0", *FEW]
        db = self.path("robust.db")
        robust = self.document(*study, "--robust", "--test", FLASH, "--study", db)
        each = {rules: self.document(*study, "--test", FLASH, "--set", f"exchange.rules={rules}")
                for rules in ("aster", "lenient", "strict")}
        defaults = robust["policies"][0]["defaults"]
        means = {rules: d["policies"][0]["defaults"]["fresh"]["mean"] for rules, d in each.items()}
        self.assertEqual(defaults["fresh"]["mean"], min(means.values()))
        self.assertEqual(means[defaults["worst_rules"]], min(means.values()))
        for t in range(2):
            on_it = [d["policies"][0]["defaults"]["by_trace"][t]["fresh"]["mean"]
                     for d in each.values()]
            self.assertEqual(defaults["by_trace"][t]["fresh"]["mean"], min(on_it))
        self.assertIn("worst rule set: " + defaults["worst_rules"],
                      self.text("show", "--study", db))
        self.refused(2, "leave exchange.rules out", *study, "--robust", "--set",
                     "exchange.rules=lenient")
        self.refused(2, "leave exchange.rules out", CASCADE, "--robust", "--param",
                     "exchange.rules=aster,strict")

    def test_a_race_drops_what_is_worse_also_in_shards(self):
        study = [FLASH, *GRID[:2], "--search", "race", "--replications", "6", "--fresh", "2"]
        db = self.path("race.db")
        race = self.document(*study, "--study", db)
        answer = race["policies"][0]
        self.assertEqual((answer["points"], answer["replications"]), (3, 6))
        self.assertLess(answer["compared"], 3)
        self.assertEqual({s["parameters"][NORMAL_BUFFER] for s in answer["set"]}, {0})
        self.assertFalse([n for n in answer["notes"] if "No setting can be told" in n])
        self.assertIn(f"(of {answer['compared']} left in the race",
                      self.text("show", "--study", db))
        sharded = self.path("sharded.db")
        shards = [f"{sharded}.{i}-of-2" for i in (1, 2)]
        for _ in range(2):  # rounds of 5 and 6 replications
            for i in (1, 2):
                self.text("run", *study, "--study", sharded, "--shard", f"{i}/2")
            self.text("merge", "--study", sharded, *shards)
        self.text("run", *study, "--study", sharded)
        self.assertEqual(self.document("show", "--study", sharded), race)

    def test_a_race_whose_later_round_misses_a_shard_is_not_merged(self):
        study = [CASCADE, EARLIER, *GRID[:2], "--search", "race", "--replications", "11", "--fresh", "2"]
        sharded = self.path("sharded.db")
        shards = [f"{sharded}.{i}-of-2" for i in (1, 2)]
        for i in (1, 2):
            self.text("run", *study, "--study", sharded, "--shard", f"{i}/2")
        self.text("merge", "--study", sharded, *shards)
        self.text("run", *study, "--study", sharded, "--shard", "1/2")
        self.refused(5, "cells are missing", "merge", "--study", sharded, *shards)

    def test_a_random_search_draws_points_of_the_grid(self):
        study = [CASCADE, *FEW, *GRID, "--search", "random", "--points", "4"]
        grid = self.points(CASCADE, *FEW, *GRID)
        one = self.points(*study)
        self.assertEqual((len(one), len(set(one))), (4, 4))
        self.assertLessEqual(set(one), set(grid))
        self.assertEqual(one, self.points(*study))
        self.assertNotEqual(one, self.points(*study, "--seed", "2"))
        self.assertEqual(self.points(*study, "--points", "50"), grid)

    def test_a_grid_too_large_to_draw_from_is_refused(self):
        large = [a for mode in ("normal", "burst", "liquidation") for what in ("buffer", "reserve")
                 for a in ("--param", f"limiter.{mode}.{what}=0:0.9:0.001")]
        self.refused(2, "2^52", "plan", CASCADE, *large, "--search", "random", "--points", "3")

    def study_file(self, **changes):
        study = {"schema": "weir.study/1", "traces": [CASCADE], "replications": 2, "fresh": 2,
                 "parameters": [
                     {"keys": [NORMAL_BUFFER], "values": [0, 0.1, 0.2], "lockstep": "a"},
                     {"keys": ["limiter.normal.reserve"], "from": 0, "to": 0.4, "step": 0.2},
                     {"keys": ["limiter.burst.buffer"], "from": 0, "to": 0.1, "step": 0.05,
                      "lockstep": "a"}],
                 "constraints": [f"{NORMAL_BUFFER} + limiter.normal.reserve <= 0.4"]}
        study.update(changes)
        name = self.path("study.json")
        with open(name, "w", encoding="utf-8") as file:
            json.dump(study, file)
        return name

    def test_a_study_file_has_lockstep_groups_and_constraints(self):
        expected = [(b, half, r) for b, half in (("0", "0"), ("0.1", "0.05"), ("0.2", "0.1"))
                    for r in ("0", "0.2", "0.4") if float(b) + float(r) <= 0.4 + 1e-9]
        self.assertEqual(self.points(self.study_file()), expected)
        first = {"keys": [NORMAL_BUFFER], "values": [0, 0.1], "lockstep": "a"}
        other = {"keys": ["limiter.burst.buffer"], "values": [0, 0.1, 0.2], "lockstep": "a"}
        self.refused(2, "lockstep group 'a' has 2 values, this one 3",
                     self.study_file(parameters=[first, other], constraints=[]))
        self.refused(2, "name of a group",
                     self.study_file(parameters=[{**first, "lockstep": 7}], constraints=[]))

    def test_a_test_trace_is_never_chosen_on(self):
        with_test = self.document(CASCADE, *GRID, *FEW, "--test", FLASH)["policies"][0]
        without = self.document(CASCADE, *GRID, *FEW)["policies"][0]
        for what in ("set", "recommended", "best"):
            one, other = with_test[what], without[what]
            if what != "set":
                one.pop("by_trace")
                other.pop("by_trace")
            self.assertEqual(one, other)
        self.assertEqual([t["trace"] for t in with_test["tested"]], ["g06-flash"])
        self.assertLess(with_test["tested"][0]["gain_over_defaults"]["mean"], 0)
        copy = self.path("copy.json")
        shutil.copy(os.path.join(SOURCE, CASCADE), copy)
        self.refused(2, "is the same trace as", CASCADE, *GRID, *FEW, "--test", copy)
        self.refused(2, "is the same trace as", CASCADE, CASCADE, *GRID, *FEW)

    def test_cells_that_contradict_each_other_are_not_merged(self):
        one, other, joined = (self.path(name) for name in ("one.db", "other.db", "joined.db"))
        self.text(CASCADE, *GRID, *FEW, "--study", one)
        shutil.copy(one, other)
        self.text("merge", "--study", joined, one, other)
        os.remove(joined)
        with sqlite3.connect(other) as database:
            arm, result = database.execute(
                "SELECT arm, result FROM cell WHERE replication = 1 ORDER BY arm LIMIT 1").fetchone()
            changed = bytes([result[0] ^ 1]) + result[1:]
            database.execute("UPDATE cell SET result = ? WHERE replication = 1 AND arm = ?",
                             (changed, arm))
        database.close()
        self.refused(3, "contradict", "merge", "--study", joined, one, other)
        self.assertFalse(os.path.exists(joined))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
