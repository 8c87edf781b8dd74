# SPDX-License-Identifier: Apache-2.0
"""`Scripts/bench peers` runs these before it measures."""
import os
import time
import unittest

from processes import usage
from ratios import Ratio, short, table


class Ratios(unittest.TestCase):
    def test_is_computed_pair_by_pair(self):
        # The machine is slower in each pair; the ratio of both sides stays the same.
        ratio = Ratio([40, 20, 10], [4, 2, 1])
        self.assertEqual((ratio.low, ratio.median, ratio.high), (10, 10, 10))

    def test_has_the_interquartile_range_of_the_pairs(self):
        ratio = Ratio([1, 2, 3, 4, 5, 6, 7, 8, 9], [1] * 9)
        self.assertEqual((ratio.low, ratio.median, ratio.high), (3, 5, 7))

    def test_is_undecided_if_the_range_spans_the_threshold(self):
        ratio = Ratio([1, 2, 3, 4, 5], [1] * 5)
        self.assertEqual(ratio.verdict(2), "reached")
        self.assertEqual(ratio.verdict(4.1), "**missed**")
        self.assertEqual(ratio.verdict(3), "undecided: more pairs")

    def test_of_one_pair_decides_nothing(self):
        ratio = Ratio([6], [2])
        self.assertEqual(ratio.text(), "3.00× (3.00 to 3.00)")
        self.assertEqual(ratio.verdict(1), "undecided: more pairs")

    def test_rejects_a_measurement_without_its_pair(self):
        for ours, others in (([], []), ([1, 2], [1]), ([1], [0])):
            with self.assertRaises(ValueError):
                Ratio(ours, others)


class Texts(unittest.TestCase):
    def test_have_about_three_digits(self):
        self.assertEqual([short(12345.6), short(12.34), short(1.234), short(None)], ["12,346", "12.3", "1.23", ""])

    def test_fill_a_table(self):
        self.assertEqual(table([["a", "bcde"], ["x", ""]]), "| a   | bcde |\n| --- | ---- |\n| x   |      |")


class Usage(unittest.TestCase):
    def test_contains_the_processor_time_of_this_process(self):
        before = usage(os.getpid())
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        after = usage(os.getpid())
        self.assertGreater(after.cpu, before.cpu)
        self.assertGreater(after.memory, 1)


if __name__ == "__main__":
    unittest.main()
