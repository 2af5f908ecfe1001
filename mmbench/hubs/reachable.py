"""Which of the two hubs answers from here: asked once a process, for a short time."""

import threading
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from mmbench.cards.places import Hub
from mmbench.errors import PlanError

SECONDS = 3.0
NAMES: dict[Hub, str] = {"hf": "Hugging Face", "modelscope": "ModelScope"}
VARIABLES: dict[Hub, str] = {"hf": "HF_ENDPOINT", "modelscope": "MODELSCOPE_ENDPOINT"}
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The hub that is taken, and in words what was asked and answered."""

    hub: Hub
    why: str


def first_reachable() -> Reached:
    """Hugging Face (or $HF_ENDPOINT) if it answers, else ModelScope (or $MODELSCOPE_ENDPOINT).

    In this order whichever is quicker, so that the same machine reads the same files again.
    PlanError if neither answers, or if HF_HUB_OFFLINE forbids asking.
    """
    from huggingface_hub import constants

    from mmbench.hubs.modelscope_http import endpoint

    if constants.HF_HUB_OFFLINE:
        raise PlanError(
            "--hub auto asks the hubs, and HF_HUB_OFFLINE (or --offline) forbids that; say where "
            "the files were fetched from: --hub hf or --hub modelscope"
        )
    return _first((("hf", constants.ENDPOINT), ("modelscope", endpoint())))


@cache
def _first(addresses: tuple[tuple[Hub, str], ...]) -> Reached:
    """The first that answers is remembered; that none did is not, and is asked anew."""
    silent: list[str] = []
    for hub, address in addresses:
        shown = shown_address(address)
        reason = "no http address" if shown is None else why_silent(address, SECONDS)
        if reason is None:
            why = "; ".join([f"{shown} answers", *silent])
            return Reached(hub=hub, why=f"{NAMES[hub]} is taken: {why}")
        silent.append(f"{NAMES[hub]} ({VARIABLES[hub]}, {shown or 'as it is set'}): {reason}")
    raise PlanError(
        f"--hub auto: no hub answers. {'; '.join(silent)}\n"
        "Check the connection, or set one of the two variables to a mirror that this machine "
        "reaches. For what is on this machine already: --hub hf --offline or --hub modelscope "
        "--offline after mmbench prefetch, and --model-path NAME=DIR for a model of yours"
    )


def why_silent(address: str, seconds: float) -> str | None:
    """Why an http address gives no answer in time, in some words; None if it gives one.

    A refusal is an answer, an error of the server (5xx) is none. No token is sent. The time is over
    all of it: looking up the name, every address that the name has, and where the answer leads on
    to, each of which would else have a time of its own.
    """
    told: list[str | None] = []
    asking = threading.Thread(target=lambda: told.append(_asked(address, seconds)), daemon=True)
    asking.start()
    asking.join(seconds)
    return told[0] if told else f"no answer within {seconds:g} s"


def shown_address(address: str) -> str | None:
    """Scheme, host and port alone, since an address may hold a password; None if it is none."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return f"{parts.scheme}://{parts.hostname}{port}"


def _asked(address: str, seconds: float) -> str | None:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    try:
        with urlopen(Request(address, method="HEAD"), timeout=seconds):
            return None
    except HTTPError as error:
        return f"status {error.code}" if error.code >= SERVER_ERROR else None
    except URLError as error:
        return type(error.reason).__name__ if isinstance(error.reason, OSError) else "no route"
    except (OSError, HTTPException, ValueError) as error:
        return type(error).__name__
