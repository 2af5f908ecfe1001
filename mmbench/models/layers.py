"""The layers of a backbone, from its input to its output, found by its structure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import nn

ABOVE = ("proj", "logit_")
"""In the names of parameters that a model itself holds and that stand above its blocks, as CLIP's
projections and scale do; class tokens and positions, which it holds as well, are below."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Where each part of a backbone stands.

    stacks: the blocks of each tower, from its input to its output: transformer layers, residual
    blocks, or the stages of a model that repeats whole stages. above: modules between the last
    blocks and the output (norms, pooler, projections). depths: of every parameter by its name, how
    far it lies from the output: 0 above the blocks, 1 in the last block, n in the first of n, and
    n + 1 below (embeddings, positions, convolutional stems).
    """

    stacks: tuple[tuple[nn.Module, ...], ...]
    above: tuple[nn.Module, ...]
    depths: Mapping[str, int]


def layers_of(model: nn.Module, *, towers: int = 1) -> Layers:
    """The layers of a model of so many towers; ValueError if it has fewer stacks of blocks.

    Blocks are the composite members of an nn.ModuleList or nn.Sequential that are all of one class;
    the largest such lists are taken, those of transformers before those of convolutions, which are
    a transformer's stem where both are there. What is registered behind the blocks, on the way up
    to the root, stands above them, except embeddings.
    """
    found = _stacks(model)
    if len(found) < towers:
        raise ValueError(f"{len(found)} stacks of blocks were found; {towers} are needed")
    largest = sorted(found, key=lambda path: (_has_linear(found[path]), _size(found[path])))[
        -towers:
    ]
    chosen = {path: found[path] for path in found if path in largest}
    above = _above(model, chosen)
    return Layers(
        stacks=tuple(tuple(blocks.values()) for blocks in chosen.values()),
        above=tuple(above.values()),
        depths=_depths(model, chosen, list(above)),
    )


def _stacks(model: nn.Module) -> dict[Path, dict[Path, nn.Module]]:
    """By the path of their parent the blocks, by path; lists that follow each other there are one
    stack, as a ResNet's layer1 to layer4 are."""
    stacks: dict[Path, dict[Path, nn.Module]] = {}

    def look(path: Path, module: nn.Module) -> None:
        for name, child in module.named_children():
            if _is_list(child):
                stacks.setdefault(path, {}).update(_blocks((*path, name), child))
            else:
                look((*path, name), child)

    look((), model)
    return stacks


def _is_list(module: nn.Module) -> bool:
    if not isinstance(module, nn.ModuleList | nn.Sequential):
        return False
    members = list(module.children())
    composite = all(any(True for _ in member.children()) for member in members)
    return bool(members) and composite and len({type(member) for member in members}) == 1


def _blocks(path: Path, module: nn.Module) -> Iterator[tuple[Path, nn.Module]]:
    """Stages that are nothing but lists of blocks give these."""
    for name, member in module.named_children():
        if isinstance(member, nn.ModuleList | nn.Sequential):
            yield from (((*path, name, inner), block) for inner, block in member.named_children())
        else:
            yield (*path, name), member


def _has_linear(blocks: Mapping[Path, nn.Module]) -> bool:
    return any(isinstance(m, nn.Linear) for block in blocks.values() for m in block.modules())


def _size(blocks: Mapping[Path, nn.Module]) -> int:
    return sum(p.numel() for block in blocks.values() for p in block.parameters())


def _above(
    model: nn.Module, stacks: Mapping[Path, Mapping[Path, nn.Module]]
) -> dict[Path, nn.Module]:
    """What is registered behind the blocks in one of the modules that hold them, and holds none."""
    blocks = [path for stack in stacks.values() for path in stack]
    found: dict[Path, nn.Module] = {}
    for last in (list(stack)[-1] for stack in stacks.values()):
        for depth in range(len(last)):
            holder = model.get_submodule(".".join(last[:depth]))
            names = [name for name, _ in holder.named_children()]
            for name in names[names.index(last[depth]) + 1 :]:
                path = (*last[:depth], name)
                module = model.get_submodule(".".join(path))
                holds_blocks = any(block[: len(path)] == path for block in blocks)
                if not holds_blocks and not isinstance(module, nn.Embedding):
                    found[path] = module
    return found


def _depths(
    model: nn.Module, stacks: Mapping[Path, Mapping[Path, nn.Module]], above: Sequence[Path]
) -> dict[str, int]:
    depths = {}
    for name, _ in model.named_parameters():
        path = tuple(name.split("."))
        inside = [
            len(stack) - place
            for stack in stacks.values()
            for place, block in enumerate(stack)
            if path[: len(block)] == block
        ]
        over = any(path[: len(module)] == module for module in above)
        own = any(word in path[-1] for word in ABOVE) and _holds(path[:-1], stacks)
        if inside:
            depths[name] = inside[0]
        elif over or own:
            depths[name] = 0
        else:
            depths[name] = 1 + len(stacks[_nearest(path, list(stacks))])
    return depths


def _holds(path: Path, stacks: Mapping[Path, object]) -> bool:
    """Whether the module at `path` holds a stack."""
    return any(stack[: len(path)] == path for stack in stacks)


def _nearest(path: Path, stacks: Sequence[Path]) -> Path:
    """The stack that shares most of the path; of equals the one that lies nearest to the root."""

    def shared(stack: Path) -> int:
        same = [a == b for a, b in zip(path, stack, strict=False)]
        return same.index(False) if False in same else len(same)

    return min(stacks, key=lambda stack: (-shared(stack), len(stack)))
