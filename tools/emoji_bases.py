"""Which emoji are variants of one another, and the fold that each family of variants falls into.

A man, a woman and a person who cook differ by a hairdo: with one in training and another in test,
a model is asked what it was told. So concepts are joined into *bases*, and whole bases are held
out. Two concepts share a base if they share any key:

- their code points, after gender, hair, skin tone and direction are taken away;
- their English name, after colour, size and direction are taken away, or a name pattern below
  (the 24 clock faces, the keycaps, ...);
- whatever the caller adds (`build_emoji` adds equal texts and nearly equal pictures).

Pure functions, standard library only: the tests recompute the committed folds with them.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Literal

Fold = Literal["train", "validation", "test"]

# Shares of the bases. Validation is 10 % of what is left of the bases once test is taken out.
TEST_SHARE = 0.20
VALIDATION_SHARE = 0.08

PRESENTATION = "fe0f"  # asks for a colour glyph; sources disagree on whether to write it
JOINER = "-200d-"
SKIN_TONES = frozenset({"1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"})
GENDERS = frozenset({"2640", "2642"})
HAIRS = frozenset({"1f9b0", "1f9b1", "1f9b2", "1f9b3"})
FACING_RIGHT = "27a1"
MODIFIERS = GENDERS | HAIRS | {FACING_RIGHT}

# Variants with code points of their own, by the code point that stands for them here.
PERSON, CHILD = "1f9d1", "1f9d2"
SAME_CONCEPT = {
    **dict.fromkeys(("1f468", "1f469", "1f471", "1f9d4"), PERSON),  # man, woman, blond, beard
    **dict.fromkeys(("1f466", "1f467"), CHILD),  # boy, girl
    **dict.fromkeys(("1f474", "1f475"), "1f9d3"),  # old man, old woman: older person
    **dict.fromkeys(("1f934", "1f478"), "1fac5"),  # prince, princess: person with crown
    **dict.fromkeys(("1f930", "1fac3"), "1fac4"),  # pregnant woman, man, person
    "1f57a": "1f483",  # man dancing, woman dancing
    **dict.fromkeys(("1f46b", "1f46c", "1f46d"), "holding-hands"),
    **dict.fromkeys(("1f385", "1f936"), "santa"),
    **dict.fromkeys(("1f48f", "1f491"), "couple"),  # kiss, couple with heart: two heads, a heart
    "1f6b5": "1f6b4",  # mountain biking, biking
    "1f46a": "family",
    **dict.fromkeys(("1f6b9", "1f6ba"), "1f6bb"),  # men's, women's room: restroom
}
# Sequences that say the same as one code point above, after each part was replaced.
SAME_SEQUENCE = {
    (PERSON, "1f91d", PERSON): "holding-hands",
    (PERSON, "2764", "1f48b", PERSON): "couple",
    (PERSON, "2764", PERSON): "couple",
    (PERSON, "1f384"): "santa",
}

COLOURS = {"red", "orange", "yellow", "green", "blue", "purple", "brown", "pink"}
SHADES = {"black", "white", "grey", "hollow"}
SIZES = {"small", "medium", "large"}
DIRECTIONS = {"left", "right", "up", "down", "front", "facing", "oncoming"}
WAYS = {"leftwards", "rightwards", "upwards", "downwards", "increasing", "decreasing"}
VARIANT_WORDS = frozenset(COLOURS | SHADES | SIZES | DIRECTIONS | WAYS)
NAME_PATTERNS = tuple(
    (family, re.compile(pattern))
    for family, pattern in (
        ("keycap", r"^keycap: "),
        ("clock face", r"(o’clock|-thirty)$"),
        ("moon", r"^((new|full|crescent) |(first|last) quarter |(waxing|waning) \w+ )moon"),
        ("globe", r"^globe showing "),
        ("speaker", r"^speaker \w+ volume$|^muted speaker$"),
        ("speech bubble", r"^(speech|thought) balloon$|^left speech bubble$|^right anger bubble$"),
        ("mailbox", r" mailbox with "),
        ("lock", r"^(un)?locked\b"),
        ("place medal", r" place medal$"),
        ("banknote", r" banknote$"),
        ("hourglass", r"^hourglass "),
        ("tray", r"^(in|out)box tray$"),
        ("airplane", r"^airplane (departure|arrival)$"),
        ("play button", r"^(play|reverse|upwards|downwards|play or pause) button$"),
        ("fast button", r"^fast[ -](forward|reverse|up|down) button$"),
        ("track button", r"^(next|last) track button$"),
        ("blood type", r"\(blood type\)$"),
        ("input", r"^input "),
        ("gender sign", r"^(fe)?male sign$"),
        ("six-pointed star", r"^star of david$|six-pointed star$"),
        ("index finger", r"\bindex pointing\b"),
        ("musical note", r"^musical notes?$"),
        ("bust", r"^busts? in silhouette$"),
        ("sun and cloud", r"^sun behind .*cloud$"),
        ("snowman", r"^snowman\b"),
        ("camera", r"^camera\b"),
        ("blue, yellow, red flag", r"^flag: (chad|romania)$"),
    )
)


def bare_code(code: str) -> str:
    """The code points in lower case without the presentation selector: `1F3F3-FE0F` → `1f3f3`."""
    return "-".join(part for part in code.lower().split("-") if part != PRESENTATION)


def code_key(code: str) -> str:
    """The code points without gender, hair, skin tone and direction; families are all one."""
    bare = "-".join(part for part in bare_code(code).split("-") if part not in SKIN_TONES)
    parts = tuple(SAME_CONCEPT.get(p, p) for p in bare.split(JOINER) if p not in MODIFIERS)
    if len(parts) > 1 and set(parts) <= {PERSON, CHILD}:
        return "family"
    # A lone modifier (a skin tone, the female sign) is no variant of anything by its code points.
    return SAME_SEQUENCE.get(parts, JOINER.join(parts)) or bare_code(code)


def name_key(name_en: str, *, group: str) -> str:
    """The English name without colour, size and direction, or the pattern that it fits.

    A country's flag keeps its name: colours and directions there are part of it (`flag: North
    Korea`). Of an animal its face is a variant (`cow`, `cow face`).
    """
    name = name_en.lower()
    for family, pattern in NAME_PATTERNS:
        if pattern.search(name):
            return family
    if name.startswith("flag: "):
        return name
    dropped = VARIANT_WORDS | ({"face"} if group == "animals-nature" else set())
    words = re.split(r"[ -]", name.replace("light blue", "blue"))
    stem = " ".join(word for word in words if word not in dropped)
    return f"{group}: {stem or name}"  # left luggage is a sign, luggage is a thing


def join_bases(keys: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Concept → base, where concepts that share a key, directly or in a chain, share a base.

    A base is named by its shortest, then lowest, member, so that its name, and with it its fold,
    depends on neither the order of the input nor the wording of names.
    """
    parent = {concept: concept for concept in keys}

    def root(concept: str) -> str:
        while parent[concept] != concept:
            parent[concept] = parent[parent[concept]]
            concept = parent[concept]
        return concept

    first_with: dict[str, str] = {}
    for concept, own in keys.items():
        for key in own:
            parent[root(concept)] = root(first_with.setdefault(key, concept))
    members = defaultdict(list)
    for concept in keys:
        members[root(concept)].append(concept)
    named = {at: min(group, key=lambda code: (len(code), code)) for at, group in members.items()}
    return {concept: named[root(concept)] for concept in keys}


def fold_of(base: str) -> Fold:
    """The fold by the SHA-256 of the base's name: the same on every machine, for ever."""
    position = int.from_bytes(hashlib.sha256(base.encode()).digest()[:8]) / 2**64
    if position < TEST_SHARE:
        return "test"
    return "validation" if position < TEST_SHARE + VALIDATION_SHARE else "train"
