"""Who gets a token: the host that issued it, by an encrypted connection, and nobody else.

A mirror of a hub is somebody else's machine, whatever it serves.
"""

import os
from typing import Literal
from urllib.parse import urlsplit

HUGGING_FACE = ("huggingface.co", "hf.co")
MODELSCOPE = ("modelscope.cn", "modelscope.ai")


Kind = Literal["model", "dataset"]

OWN_COPY: dict[Kind, str] = {
    "model": "read a copy of yours: --model-path",
    "dataset": "name files of yours in a copy of the card: source.via: files",
}
"""What is left where a mirror gets no token."""


def issued(endpoint: str, hosts: tuple[str, ...]) -> bool:
    """Whether the endpoint is one of the hosts or a part of one, by https."""
    url = urlsplit(endpoint)
    host = url.hostname or ""
    return url.scheme == "https" and any(host == own or host.endswith(f".{own}") for own in hosts)


def hugging_face_token() -> Literal[False] | None:
    """`token` of the client libraries: None lets them send the user's own, False sends none."""
    from huggingface_hub import constants

    return None if issued(constants.ENDPOINT, HUGGING_FACE) else False


def modelscope_headers(endpoint: str) -> dict[str, str]:
    """$MODELSCOPE_API_TOKEN as ModelScope's own client sends it, or nothing."""
    token = os.environ.get("MODELSCOPE_API_TOKEN")
    if not token or not issued(endpoint, MODELSCOPE):
        return {}
    return {"Cookie": f"m_session_id={token}"}
