# SPDX-License-Identifier: Apache-2.0
"""Ratios of interleaved pairs, and what they decide."""
import statistics

UNDECIDED = "undecided: more pairs"


class Ratio:
    """The ratios of pairs that ran next to each other: their median and interquartile range."""

    def __init__(self, ours, others):
        if not ours or len(ours) != len(others):
            raise ValueError("each measurement needs its pair")
        if min(others) <= 0:
            raise ValueError("a rate is not positive")
        self.values = [a / b for a, b in zip(ours, others)]
        self.median = statistics.median(self.values)
        if len(self.values) == 1:
            self.low = self.high = self.median
        else:
            self.low, _, self.high = statistics.quantiles(self.values, n=4, method="inclusive")

    def verdict(self, at_least):
        """`reached` or `missed` only if the whole interquartile range is on one side of the threshold. Fewer than three
        pairs have no range."""
        if len(self.values) < 3:
            return UNDECIDED
        if self.low >= at_least:
            return "reached"
        return "**missed**" if self.high < at_least else UNDECIDED

    def text(self):
        return f"{short(self.median)}× ({short(self.low)} to {short(self.high)})"

    def json(self):
        return {"median": self.median, "low": self.low, "high": self.high, "values": self.values}


def short(value):
    """About three significant digits, with commas between thousands."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(rows):
    """An aligned Markdown table; the first row is its head."""
    widths = [max(3, *(len(row[column]) for row in rows)) for column in range(len(rows[0]))]

    def line(cells):
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"

    return "\n".join([line(rows[0]), line(["-" * width for width in widths])] + [line(row) for row in rows[1:]])
