"""Vocabularies of models that write: trained on a task's texts, and read back without a loss."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

from mmbench.models.vocabulary import END, MASK, PAD, SELDOM, SPECIAL, START, UNKNOWN

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def train_spelling(texts: Sequence[str], *, vocabulary: int) -> "PreTrainedTokenizerFast":
    """Byte-pair encoding of characters (Sennrich et al. 2016, arXiv:1508.07909) of these texts.

    A space is a character (SentencePiece's `▁`), and capitals stay, so that `decode` gives back the
    text itself; NFC is all that is done to it. At most `vocabulary` entries: the five special ones,
    as BERT names them, then the characters, the most frequent ones if there is no room for all,
    then merges that are seen twice or more. Neither the order of the texts nor the number of
    threads changes anything. No special token is added to a text: who writes knows where it ends.
    """
    from transformers import PreTrainedTokenizerFast  # seconds of import: only where it is used

    backend = Tokenizer(BPE(unk_token=UNKNOWN))
    backend.normalizer = normalizers.NFC()
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    room = vocabulary - len(SPECIAL)
    trainer = BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=SELDOM,
        special_tokens=list(SPECIAL),
        initial_alphabet=_characters(backend, texts, room),
        limit_alphabet=room,
        show_progress=False,
    )
    backend.train_from_iterator(sorted(texts), trainer)
    assert backend.get_vocab_size() <= vocabulary, "characters that have no room are left out"
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend,
        pad_token=PAD,
        unk_token=UNKNOWN,
        cls_token=START,
        sep_token=END,
        eos_token=END,  # what ends an answer, for a model whose config does not say it
        mask_token=MASK,
        clean_up_tokenization_spaces=False,
    )


def _characters(backend: Tokenizer, texts: Sequence[str], room: int) -> list[str]:
    """The most frequent ones, sorted: what the trainer takes first."""
    counts: Counter[str] = Counter()
    for text in texts:
        for piece, _ in backend.pre_tokenizer.pre_tokenize_str(
            backend.normalizer.normalize_str(text)
        ):
            counts.update(piece)
    kept = sorted(counts, key=lambda character: (-counts[character], character))[:room]
    return sorted(kept)
