"""`mmbench gate`: is the candidate worse than the baseline?

Two modes, one report: records against records that were kept (`compare.stored`), or two programs
timed in turn (`cli.gate_against`, which builds a `GateReport` as well).
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mmbench.cli.gate_output import finish
from mmbench.cli.options import (
    AllowMissing,
    Cards,
    Device,
    FromHub,
    Hub,
    JUnit,
    Lang,
    Language,
    ModelPaths,
    PullRequest,
)
from mmbench.cli.places import check_read, places_of, reached
from mmbench.errors import PlanError, StoreError

if TYPE_CHECKING:
    from mmbench.cards import GateThresholds, Places
    from mmbench.compare.gate import GateReport
    from mmbench.compare.measured import Measured

BUDGET_MINUTES = 10.0


def gate(
    results: Annotated[
        Path | None,
        typer.Argument(help="The candidate's records, e.g. results/quickstart; with --baseline."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="DIR", help="Compare with the records kept here."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="REV|VENV",
            help="Time this code and that of a git revision, or of a virtual environment, in turn.",
        ),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(
            "--suite", help="Its card says what is allowed and, with --against, what is timed."
        ),
    ] = None,
    cards: Cards = None,
    threshold_rate: Annotated[
        float | None,
        typer.Option(
            "--threshold-rate",
            metavar="SHARE",
            help="How much slower is allowed; 0.05 on a CPU and 0.025 on a GPU if unset.",
        ),
    ] = None,
    threshold_memory: Annotated[
        float | None,
        typer.Option(
            "--threshold-memory", metavar="SHARE", help="How much more memory; 0.05 if unset."
        ),
    ] = None,
    threshold_quality: Annotated[
        float | None,
        typer.Option(
            "--threshold-quality",
            metavar="DROP",
            help="How far the primary metric may drop; 0.01 if unset, one point of a hundred.",
        ),
    ] = None,
    trust_stored: Annotated[
        bool,
        typer.Option(
            "--trust-stored",
            help="Fail on a slow-down against --baseline: the machine is quiet and dedicated.",
        ),
    ] = False,
    allow_missing: AllowMissing = False,
    device: Device = "auto",
    random_init: Annotated[
        bool,
        typer.Option("--random-init", help="With --against: random weights, nothing downloaded."),
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes",
            metavar="M",
            help=f"With --against: what is undecided by then cannot be told; {BUDGET_MINUTES:g} "
            "if unset.",
        ),
    ] = None,
    hub: FromHub = Hub.HF,
    model_path: ModelPaths = None,
    markdown: PullRequest = None,
    junit: JUnit = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Compare a candidate with a baseline in speed, memory and quality.

    Either RESULTS --baseline DIR: records of mmbench run and mmbench bench against kept ones. Or
    --against REV|VENV: both are timed in turn, which also works on a noisy machine.

    Exit status: 0 pass, 1 regression, 2 usage or error, 3 cannot tell.
    """
    paired_only = {
        "--device": device != "auto",
        "--minutes": minutes is not None,
        "--random-init": random_init,
        "--hub": hub is not Hub.HF,
        "--model-path": bool(model_path),
    }
    stored_only = {
        "--trust-stored": trust_stored,
        "--allow-missing": allow_missing,
        "--threshold-quality": threshold_quality is not None,
    }
    paired = _is_paired(results, baseline, against, paired_only, stored_only)
    check_read(hub, model_path, unread="with --random-init" if random_init else None)
    flags = {"rate": threshold_rate, "memory": threshold_memory, "quality": threshold_quality}
    try:
        if paired:
            assert against is not None
            places = places_of(reached(hub), model_path or ())
            found = _paired(against, suite, cards, flags, device, random_init, minutes, places)
        else:
            assert results is not None
            assert baseline is not None
            thresholds = _thresholds(suite, cards, flags)
            found = _stored(results, baseline, thresholds, trust_stored, allow_missing)
    except StoreError as error:  # 1 would say that there is a regression
        raise PlanError(str(error)) from error
    finish(found, markdown, junit, lang.value)


def _is_paired(
    results: Path | None,
    baseline: Path | None,
    against: str | None,
    paired_only: dict[str, bool],
    stored_only: dict[str, bool],
) -> bool:
    """Which mode is asked for; PlanError unless it is one, whole, and nothing of the other."""
    if against is not None:
        named = [name for name, given in stored_only.items() if given]
        named += ["RESULTS"] if results is not None else []
        named += ["--baseline"] if baseline is not None else []
        if named:
            raise PlanError(f"{', '.join(named)} and --against are two modes; leave out one")
        return True
    named = [name for name, given in paired_only.items() if given]
    if named:
        raise PlanError(f"{', '.join(named)} goes with --against alone")
    if results is None or baseline is None:
        raise PlanError(
            "say what to compare: RESULTS --baseline DIR, two folders of records; or "
            "--against REV|VENV, which times both in turn"
        )
    ours, theirs = results.resolve(), baseline.resolve()
    if ours.is_relative_to(theirs) or theirs.is_relative_to(ours):
        raise PlanError(
            f"{results} and {baseline} lie in each other, so that records would be compared with "
            "themselves; name two folders apart, such as results/quickstart"
        )
    return False


def _thresholds(
    suite: str | None, cards: Sequence[Path] | None, flags: dict[str, float | None]
) -> "GateThresholds":
    """Those of the suite's card; a flag stands in place of the card's own of that kind."""
    from mmbench.cards import GateThresholds
    from mmbench.catalog import Catalog

    given = GateThresholds()
    if suite is not None:
        given = Catalog.standard(tuple(cards or ())).suite(suite).gate
    elif cards:
        raise PlanError("--cards names where a suite is found; it goes with --suite")
    return replace(
        given,
        rate=given.rate if flags["rate"] is None else flags["rate"],
        memory=given.memory if flags["memory"] is None else flags["memory"],
        quality=given.quality if flags["quality"] is None else flags["quality"],
    )


def _stored(
    results: Path,
    baseline: Path,
    thresholds: "GateThresholds",
    trust_stored: bool,
    allow_missing: bool,
) -> "GateReport":
    from mmbench.compare.stored import compare_stored

    return compare_stored(
        (str(baseline), _measured(baseline)),
        (str(results), _measured(results)),
        thresholds,
        trust_stored=trust_stored,
        allow_missing=allow_missing,
    )


def _measured(folder: Path) -> "list[Measured]":
    """All records below the folder; StoreError if there is none."""
    from mmbench.compare.measured import of_speed, of_trials
    from mmbench.speed_store import latest_speeds, speed_records
    from mmbench.store import Store, latest

    trials = of_trials(latest(Store(folder).select()))
    speeds = of_speed(stored.record for stored in latest_speeds(speed_records(folder)))
    if not trials and not speeds:
        raise StoreError(
            f"{folder}: no records here; mmbench run and mmbench bench write some, and an empty "
            "folder cannot pass"
        )
    return [*trials, *speeds]


def _paired(
    against: str,
    suite: str | None,
    cards: Sequence[Path] | None,
    flags: dict[str, float | None],
    device: str,
    random_init: bool,
    minutes: float | None,
    places: "Places",
) -> "GateReport":
    from mmbench.cli.gate_against import SUITE, Against, paired_report

    init: Literal["pretrained", "random"] = "random" if random_init else "pretrained"
    asked = Against(
        against=against,
        suite=suite or SUITE,
        cards=tuple(cards or ()),
        device=device,
        init=init,
        budget_minutes=BUDGET_MINUTES if minutes is None else minutes,
        thresholds=_thresholds(suite or SUITE, cards, flags),
        places=places,
    )
    return paired_report(asked)
