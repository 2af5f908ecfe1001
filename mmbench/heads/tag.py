"""A tag for each word: a linear layer, or two layers, on the features of the word's first token;
cross-entropy."""

from torch import Tensor, nn
from torch.nn import functional

from mmbench.data.ragged import IGNORED
from mmbench.heads.classify import ClassifyHead
from mmbench.models.base import Features


class TagHead(nn.Module):
    """Features of words [B, W, D] → logits [B, W, C]; each word by itself."""

    def __init__(self, layers: ClassifyHead) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, words: Tensor) -> Tensor:
        logits: Tensor = self.layers(Features(pooled=words))
        return logits


def words_from(tokens: Tensor, starts: Tensor) -> Tensor:
    """The features of each word's first token, as BERT tags words (Devlin et al. 2019,
    arXiv:1810.04805): [B, T, D] and places [B, W] → [B, W, D]. Where a word has no token
    (a place below 0), those of the first token stand: `tag_loss` and whoever reads the logits
    leave them out."""
    places = starts.clamp(min=0)[:, :, None].expand(-1, -1, tokens.shape[2])
    return tokens.gather(1, places)


def read(targets: Tensor, starts: Tensor) -> Tensor:
    """[B, W] whether the loss counts a word: it has a tag and a token."""
    return (targets != IGNORED) & (starts >= 0)


def tag_loss(logits: Tensor, targets: Tensor, starts: Tensor, smoothing: float = 0.0) -> Tensor:
    """Sum over the words that have a tag and a token of −log softmax(logits)[tag], in float32:
    logits [B, W, C], targets and starts [B, W]. `smoothing` as in `classify.cross_entropy`.
    """
    counted = targets.masked_fill(~read(targets, starts), IGNORED)
    return functional.cross_entropy(
        logits.float().flatten(0, 1),
        counted.flatten(),
        ignore_index=IGNORED,
        reduction="sum",
        label_smoothing=smoothing,
    )
