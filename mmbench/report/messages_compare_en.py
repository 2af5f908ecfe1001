"""The English sentences of `mmbench compare`. Keys are those of messages_compare_zh."""

MESSAGES = {
    "compare.title": "{first} against {second}",
    "compare.told": (
        "{pairs:pair shares|pairs share} all but this. {first} is shown to be better in {wins}, "
        "{second} in {losses}; {untested} could not be tested on the same examples."
    ),
    "compare.how": (
        "Primary metric on the main test split. Difference is the second less the first. The test "
        "is paired, on the same examples and seeds, two-sided, Holm over the table, 5 %: exact "
        "McNemar for shares of right answers, else a bootstrap; see docs/statistics.md."
    ),
    "compare.cell": "first",
    "compare.difference": "difference",
    "compare.test": "test",
    "compare.not_shown": ", not shown",
}
