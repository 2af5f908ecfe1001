"""Pairs of an English and a Chinese name of the bundled emoji, some of one concept, some of two.

Part of `tools.build_emoji_tasks`, which says what the pairs are for.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

HARD_EVERY = 4  # of the pairs that do not match, one in so many is of one subgroup

Row = dict[str, Any]


def drawn(purpose: str, key: str) -> int:
    """A whole number that depends on nothing but its arguments, to order or to choose by."""
    return int.from_bytes(hashlib.sha256(f"{purpose} {key}".encode()).digest()[:8], "big")


def in_drawn_order(rows: Iterable[Row], purpose: str) -> list[Row]:
    return sorted(rows, key=lambda row: drawn(purpose, row["concept"]))


def blocks(concepts: Iterable[Row]) -> list[list[Row]]:
    """Concepts of one fold and subgroup; one that is alone there goes to others of its group."""
    together: defaultdict[tuple[str, str], dict[str, list[Row]]] = defaultdict(dict)
    for row in in_drawn_order(concepts, "pair"):
        together[row["fold"], row["group"]].setdefault(row["subgroup"], []).append(row)
    found = []
    for place in sorted(together):
        subgroups = sorted(together[place].items())
        several = [rows for _, rows in subgroups if len(rows) > 1]
        alone = [row for _, rows in subgroups if len(rows) == 1 for row in rows]
        if len(alone) > 1:
            several.append(alone)
        elif alone:
            several[0] = several[0] + alone
        found += several
    return found


def pair_rows(concepts: Iterable[Row]) -> list[Row]:
    """All pairs; `negatives` says to which set one belongs: `mixed`, `hard` (of the test fold
    alone), or both."""
    hard: defaultdict[str, list[tuple[Row, Row]]] = defaultdict(list)
    for block in blocks(concepts):
        hard[block[0]["fold"]] += zip(block, block[1:] + block[:1], strict=True)
    found = []
    for fold, pairs in hard.items():
        own = [one for one, _ in pairs]
        kept = [drawn("hard", one["concept"]) % HARD_EVERY == 0 for one in own]
        rest = [pair for pair, is_kept in zip(pairs, kept, strict=True) if not is_kept]
        found += [pair(one, one, negatives="both") for one in own]
        for (one, other), is_kept in zip(pairs, kept, strict=True):
            if is_kept or fold == "test":
                found.append(pair(one, other, negatives="both" if is_kept else "hard"))
        found += [pair(*far) for far in far_apart([a for a, _ in rest], [b for _, b in rest], 2)]
        if fold == "train":
            found += [swapped(pair(one, one, negatives="both")) for one in own]
            found += [swapped(pair(*far)) for far in far_apart(own, own, 3)]
    return sorted(found, key=lambda row: str(row["id"]))


def far_apart(ones: Iterable[Row], others: Iterable[Row], parts: int) -> list[tuple[Row, Row]]:
    """Each with the one that stands the `parts`-th part of all further on. In the order of bases,
    which is drawn, that is another base; `check_pairs` sees to it."""

    def in_order(rows: Iterable[Row]) -> list[Row]:
        return sorted(rows, key=lambda row: (drawn("far", row["base"]), row["concept"]))

    moved = in_order(others)
    step = len(moved) // parts
    return list(zip(in_order(ones), moved[step:] + moved[:step], strict=True))


def pair(one: Row, other: Row, *, negatives: str = "mixed") -> Row:
    return {
        "id": f"{one['concept']}/{other['concept']}",
        "first": one["name_en"],
        "second": other["name_zh"],
        "same": int(one is other),
        "negatives": negatives,
        "swapped": False,
        "from_subgroup": one["subgroup"] == other["subgroup"],
        "from_base": one["base"] == other["base"],
        "base": one["base"],
        "fold": one["fold"],
    }


def swapped(row: Row) -> Row:
    """The same pair, its Chinese name first."""
    texts = {"first": row["second"], "second": row["first"]}
    return row | texts | {"id": f"{row['id']}/swapped", "swapped": True}


def check_pairs(pairs: Sequence[Row]) -> None:
    """What the task relies on; an assertion says which text or row breaks it."""
    texts = Counter((row["first"], row["second"]) for row in pairs)
    assert max(texts.values()) == 1, f"a pair stands twice: {texts.most_common(1)}"
    for unwanted, column in product(("hard", "mixed"), ("first", "second")):
        counts = Counter(
            (row[column], row["same"])
            for row in pairs
            if row["negatives"] != unwanted and (unwanted == "hard" or row["fold"] == "test")
        )
        alone = [text for text, same in counts if counts[text, 1 - same] != counts[text, same]]
        assert not alone, f"{alone[0]} tells something of the answer"
    for row in pairs:
        near = row["same"] or row["negatives"] != "mixed" or not row["from_base"]
        assert near, f"{row['id']}: of one base, but not among the hard ones"
