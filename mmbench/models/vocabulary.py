"""Word-piece vocabularies that are trained on the texts of a task, for models without one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from tokenizers.trainers import WordPieceTrainer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, UNKNOWN, START, END, MASK = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD_ID = SPECIAL.index(PAD)
INSIDE = "##"  # leads a piece that does not begin its word
SELDOM = 2  # a piece is merged if it is seen so often: what stands once tells nothing


def train_tokenizer(
    texts: Sequence[str], *, vocabulary: int, lower_case: bool = True
) -> "PreTrainedTokenizerFast":
    """BERT's tokenizer (Devlin et al. 2019, arXiv:1810.04805) with a vocabulary of these texts.

    Its rules are BERT's: control characters removed, each Chinese character a word of its own,
    words split at spaces and punctuation, `lower_case` without capitals and accents. The pieces are
    merged by frequency, as the tokenizers library does it, not by likelihood, as Google did.

    At most `vocabulary` entries, the five special ones first. Characters come before merged pieces,
    the frequent ones first while there is room, each as the beginning of a word and, if it was seen
    inside of one, as that too; then merges that are seen twice or more. Neither the order of the
    texts nor the number of threads changes anything.
    """
    from transformers import PreTrainedTokenizerFast  # seconds of import: only where it is used

    backend = _pipeline(WordPiece(unk_token=UNKNOWN), lower_case)
    pieces = _characters(_words(backend, texts), vocabulary - len(SPECIAL))
    # The trainer numbers pieces inside of words in the order of a hash that differs each time, and
    # breaks ties between merges by these numbers; as special tokens they are numbered by us.
    trainer = WordPieceTrainer(
        vocab_size=vocabulary,
        min_frequency=SELDOM,
        special_tokens=[*SPECIAL, *pieces],
        initial_alphabet=sorted({piece[-1] for piece in pieces}),
        limit_alphabet=len({piece[-1] for piece in pieces}),
        continuing_subword_prefix=INSIDE,
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    trained: Mapping[str, int] = backend.get_vocab()
    assert len(trained) <= vocabulary, "characters that have no room are not in the alphabet"
    model = WordPiece(dict(trained), unk_token=UNKNOWN, continuing_subword_prefix=INSIDE)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=_pipeline(model, lower_case),
        pad_token=PAD,
        unk_token=UNKNOWN,
        cls_token=START,
        sep_token=END,
        mask_token=MASK,
    )


def _pipeline(model: WordPiece, lower_case: bool) -> Tokenizer:
    """Without special tokens in its own list: they are those of whoever wraps it."""
    backend = Tokenizer(model)
    backend.normalizer = normalizers.BertNormalizer(lowercase=lower_case)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(
        (END, SPECIAL.index(END)), (START, SPECIAL.index(START))
    )
    backend.decoder = decoders.WordPiece(prefix=INSIDE)
    return backend


def _words(backend: Tokenizer, texts: Sequence[str]) -> Counter[str]:
    """How often each word stands in the texts."""
    between_spaces: Counter[str] = Counter()  # each is cut into words once: three times as fast
    for text in texts:
        between_spaces.update(backend.normalizer.normalize_str(text).split())
    found: Counter[str] = Counter()
    for part, count in between_spaces.items():
        for word, _ in backend.pre_tokenizer.pre_tokenize_str(part):
            found[word] += count
    return found


def _characters(words: Mapping[str, int], room: int) -> list[str]:
    """The pieces of one character, sorted; of the most frequent characters while there is room."""
    counts: Counter[str] = Counter()
    forms: dict[str, set[str]] = {}
    for word, count in words.items():
        for place, character in enumerate(word):
            counts[character] += count
            known = forms.setdefault(character, {character})  # the trainer takes this one anyway
            if place > 0:
                known.add(INSIDE + character)
    kept: list[str] = []
    for character in sorted(counts, key=lambda character: (-counts[character], character)):
        if len(kept) + len(forms[character]) > room:
            break
        kept += forms[character]
    return sorted(kept)
