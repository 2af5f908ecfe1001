"""What `mmbench run` is asked to cover: a suite by name, or models × tasks × recipes by flags."""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmbench.cli.places import flags
from mmbench.errors import PlanError

if TYPE_CHECKING:
    from mmbench.cards import Suite
    from mmbench.cards.places import Hub
    from mmbench.catalog import Catalog

ADHOC = "adhoc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The part of the command line that says what is run; empty means not given."""

    suite: str | None
    models: tuple[str, ...]
    tasks: tuple[str, ...]
    recipes: tuple[str, ...]
    seeds: tuple[str, ...]
    limit: int | None
    cards: tuple[Path, ...]
    init_from: Path | None = None
    hub: "Hub" = "hf"
    model_paths: tuple[str, ...] = ()

    def to_suite(self, catalog: "Catalog") -> "Suite":
        """The suite that is meant; its own seeds and limit give way to those of the flags."""
        from mmbench.cards import Block, Suite

        lists = {"--models": self.models, "--tasks": self.tasks, "--recipes": self.recipes}
        given = [flag for flag, names in lists.items() if names]
        missing = [flag for flag, names in lists.items() if not names]
        if self.suite is None and not given:
            raise PlanError(
                "say what to run: a suite (see: mmbench list suites), or --models, --tasks and "
                "--recipes"
            )
        if self.suite is None and missing:
            raise PlanError(f"{' and '.join(missing)} missing beside {', '.join(given)}")
        if self.suite is not None and given:
            raise PlanError(
                f"a suite says its own models, tasks and recipes; leave out {', '.join(given)}, "
                f"or the suite {self.suite!r}"
            )
        seeds = self._seeds()
        if self.suite is None:
            block = Block(models=self.models, tasks=self.tasks, recipes=self.recipes)
            return Suite(name=ADHOC, blocks=(block,), seeds=seeds or (0,), limit=self.limit)
        suite = catalog.suite(self.suite)
        return replace(suite, seeds=seeds or suite.seeds, limit=self.limit or suite.limit)

    def command(self) -> str:
        """The command that does the same again; it goes into the report."""
        words = ["mmbench", "run", *([self.suite] if self.suite else [])]
        for flag, values in (
            ("--models", self.models),
            ("--tasks", self.tasks),
            ("--recipes", self.recipes),
            ("--seeds", self.seeds),
        ):
            words += [flag, ",".join(values)] if values else []
        words += ["--limit", str(self.limit)] if self.limit else []
        for folder in self.cards:
            words += ["--cards", str(folder)]
        words += ["--init-from", str(self.init_from)] if self.init_from else []
        words += flags(self.hub, self.model_paths)
        return shlex.join(words)

    def _seeds(self) -> tuple[int, ...]:
        wrong = [seed for seed in self.seeds if not seed.isascii() or not seed.isdecimal()]
        if wrong:
            raise PlanError(f"--seeds {wrong[0]!r} is no whole number; e.g. --seeds 0,1,2")
        return tuple(dict.fromkeys(map(int, self.seeds)))
