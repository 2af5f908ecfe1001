"""`mmbench gate-benchmarks`: two saves of pytest-benchmark, by the gate's statistics."""

from pathlib import Path
from typing import Annotated

import typer

from mmbench.cli.gate_output import finish
from mmbench.cli.options import AllowMissing, JUnit, Lang, Language, PullRequest
from mmbench.errors import PlanError, StoreError

SAVES = Path(".benchmarks")  # where pytest-benchmark saves by default


def gate_benchmarks(
    baseline: Annotated[
        Path | None,
        typer.Argument(help="A save of pytest-benchmark; the last but one if unset."),
    ] = None,
    candidate: Annotated[
        Path | None, typer.Argument(help="Another; the last one if unset.")
    ] = None,
    saves: Annotated[
        Path, typer.Option("--saves", metavar="DIR", help="Where the last ones are looked for.")
    ] = SAVES,
    threshold_rate: Annotated[
        float, typer.Option("--threshold-rate", metavar="SHARE", help="How much slower is allowed.")
    ] = 0.05,
    trust_stored: Annotated[
        bool,
        typer.Option(
            "--trust-stored",
            help="Fail on a slow-down: both were saved on one quiet, dedicated machine.",
        ),
    ] = False,
    allow_missing: AllowMissing = False,
    markdown: PullRequest = None,
    junit: JUnit = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Compare two saves of pytest-benchmark, made with --benchmark-save-data.

    By rank-sum tests of the raw rounds and the machine's calibration beside them, not by means.
    Without --trust-stored a slow-down only warns. Exit status: 0 pass, 1 regression, 2 usage or
    error, 3 cannot tell.
    """
    from mmbench.compare.saved_benchmarks import compare_runs, load_run
    from mmbench.compare.unpaired import UnpairedRule

    try:
        rule = UnpairedRule(threshold=threshold_rate)
    except ValueError as error:
        raise PlanError(f"--threshold-rate: {error}") from error
    try:
        before, after = _chosen(baseline, candidate, saves)
        found = compare_runs(
            load_run(before),
            load_run(after),
            rule=rule,
            trust_stored=trust_stored,
            allow_missing=allow_missing,
        )
    except StoreError as error:  # 1 would say that there is a regression
        raise PlanError(str(error)) from error
    finish(found, markdown, junit, lang.value)


def _chosen(baseline: Path | None, candidate: Path | None, saves: Path) -> tuple[Path, Path]:
    """The two saves to compare; PlanError if they are one."""
    from mmbench.compare.saved_benchmarks import last_two

    if baseline is None:
        return last_two(saves)
    after = last_two(saves)[1] if candidate is None else candidate
    if baseline.resolve() == after.resolve():
        raise PlanError(f"{after}: a save that is compared with itself cannot pass; name another")
    return baseline, after
