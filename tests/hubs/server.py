"""A hub on this machine: the paths of Hugging Face's REST interface and of ModelScope's, in memory.

What a test wants to go wrong, it says; what was asked, and with which headers, is kept.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 1000
"""Bytes above which a file is a large one, whose sha256 the hub tells, as Git LFS does."""

Kind = Literal["models", "datasets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: `path` with its query; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Repository:
    """files: by path. gated: asks for a token. licence: as its tags tell it."""

    files: dict[str, bytes]
    commit: str = COMMIT
    gated: bool = False
    licence: str | None = None


@dataclass(slots=True, kw_only=True)
class Hub:
    """Both hubs' paths over the same repositories, by `models/owner/name` or `datasets/…`.

    cut: path of a file → how many times it is sent short. limited: how many requests are answered
    429. moved: where files are sent from instead, as from a content network. garbled: pages come in
    place of ModelScope's answers. untold: ModelScope tells no sha256. out_of_order: all is answered
    503.
    """

    endpoint: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    cut: Counter[str] = field(default_factory=Counter)
    limited: int = 0
    moved: str | None = None
    garbled: bool = False
    untold: bool = False
    out_of_order: bool = False
    asked: list[Asked] = field(default_factory=list)

    def sent(self, header: str) -> set[str]:
        """The values of a header over all requests."""
        return {asked.headers[header] for asked in self.asked if header in asked.headers}

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def blob_id(content: bytes) -> str:
    """What git calls a file of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Listening:
    """The hub, answering on a port of its own until it is closed."""

    def __init__(self) -> None:
        self.hub = Hub()
        hub = self.hub

        class Answer(_Answer):
            pass

        Answer.hub = hub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        hub.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Answer(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._keep()
        if self.hub.out_of_order:
            self._send(503, b"", {})
            return
        if self.hub.limited > 0:
            self.hub.limited -= 1
            self._send(429, b"slow down", {"Retry-After": "0"})
            return
        url = urlsplit(self.path)
        words = unquote(url.path).strip("/").split("/")
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if words[:2] == ["api", "v1"]:
            self._modelscope(words[2:], query)
        elif words[0] == "api":
            self._facts(words[1:], blobs="blobs" in query)
        else:
            self._file(words)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Facts of some files: the one question that is posted."""
        self._keep()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        wanted = _wanted(body, self.headers.get("Content-Type", ""))
        words = unquote(urlsplit(self.path).path).strip("/").split("/")
        found = self._open(words[1], words[2:4])
        if found is not None:
            self._json([_entry(n, found.files[n]) for n in wanted if n in found.files])

    def log_message(self, format: str, *args: object) -> None:
        pass

    # --------------------------------------------------------------------- Hugging Face's

    def _facts(self, words: list[str], *, blobs: bool) -> None:
        """`models/owner/name`, then nothing, `revision/REV` or `tree/REV`."""
        kind, name, rest = words[0], words[1:3], words[3:]
        found = self._open(kind, name)
        if found is None:
            return
        if rest and rest[1] not in ("main", found.commit):
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif rest and rest[0] == "tree":
            self._json([_entry(path, content) for path, content in found.files.items()])
        else:
            tags = [] if found.licence is None else [f"license:{found.licence}"]
            files = [_sibling(*item, blobs=blobs) for item in found.files.items()]
            facts = {"id": "/".join(name), "sha": found.commit, "tags": tags, "siblings": files}
            self._json({**facts, "private": False, "gated": found.gated})

    def _file(self, words: list[str]) -> None:
        """`owner/name/resolve/REV/PATH`, with `datasets/` before it for data."""
        kind = "datasets" if words[0] == "datasets" else "models"
        words = words[1:] if kind == "datasets" else words
        found = self._open(kind, words[:2])
        if found is None:
            return
        path = "/".join(words[4:])
        facts = {"X-Repo-Commit": found.commit}
        if words[3] not in ("main", found.commit):
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif path not in found.files:
            self._send(404, b"", {**facts, "X-Error-Code": "EntryNotFound"})
        else:
            content = found.files[path]
            large = len(content) > LARGE
            tag = sha256(content) if large else blob_id(content)
            facts |= {"ETag": f'"{tag}"', "X-Linked-Size": str(len(content))}
            if large:
                facts["X-Linked-ETag"] = f'"{tag}"'
            self._content(path, content, facts)

    def _open(self, kind: str, name: list[str]) -> Repository | None:
        """The repository, or the answer that there is none, or that it asks for a token."""
        found = self.hub.repositories.get("/".join([kind, *name]))
        if found is None:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
            return None
        if found.gated and "Authorization" not in self.headers:
            self._send(401, b"", {"X-Error-Code": "GatedRepo"})
            return None
        return found

    # ----------------------------------------------------------------------- ModelScope's

    def _modelscope(self, words: list[str], query: Mapping[str, str]) -> None:
        """`models/owner/name`, then nothing, `repo/files` or `repo`; `repo/tree` for data."""
        found = self.hub.repositories.get("/".join(words[:3]))
        revision = query.get("Revision", "master")
        if self.hub.garbled:
            self._send(200, b"<html>log in to this network</html>", {})
        elif found is None or revision not in ("master", found.commit):
            self._json({"Code": 10010205001, "Success": False, "Message": "not found"}, 404)
        elif found.gated and "Cookie" not in self.headers:
            self._json({"Code": 10010205003, "Success": False, "Message": "no access"}, 403)
        elif words[3:] in (["repo", "files"], ["repo", "tree"]):
            files = [
                {
                    "Path": path,
                    "Name": path.split("/")[-1],
                    "Type": "blob",
                    "Size": len(content),
                    "Sha256": None if self.hub.untold else sha256(content),
                    "Revision": found.commit,
                    "CommittedDate": 1_700_000_000,
                }
                for path, content in found.files.items()
            ]
            page = int(query.get("PageNumber", 1)) - 1
            size = int(query.get("PageSize", 1000))
            shown = files[page * size : (page + 1) * size]
            self._json({"Code": 200, "Success": True, "Data": {"Files": shown}})
        elif words[3:] == ["repo"]:
            path = query["FilePath"]
            if path in found.files:
                self._content(path, found.files[path], {})
            else:
                self._json({"Code": 404, "Success": False, "Message": "no such file"}, 404)
        else:
            self._json({"Code": 200, "Success": True, "Data": {"License": found.licence or ""}})

    # ----------------------------------------------------------------------------- answers

    def _content(self, path: str, content: bytes, facts: dict[str, str]) -> None:
        """The file, or where it lies, or less than all of it."""
        if self.hub.moved is not None:
            self._send(302, b"", {**facts, "Location": f"{self.hub.moved}{self.path}"})
            return
        start = 0
        asked = self.headers.get("Range", "")
        if asked.startswith("bytes="):
            start = int(asked.removeprefix("bytes=").split("-")[0])
        rest, status = content[start:], 206 if asked else 200
        if asked:
            facts["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if self.command == "GET" and self.hub.cut[path] > 0:
            self.hub.cut[path] -= 1
            self._send(status, rest, facts, short=len(rest) // 2)
        else:
            self._send(status, rest, facts)

    def _json(self, value: object, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(
        self, status: int, body: bytes, headers: Mapping[str, str], *, short: int | None = None
    ) -> None:
        """short: so many bytes are sent of those that are promised."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if short is not None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if short is None else body[:short])

    def _keep(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hub.asked.append(Asked(method=self.command, path=self.path, headers=headers))


def _entry(path: str, content: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"type": "file", "path": path, "size": len(content)}
    entry["oid"] = blob_id(content)
    if len(content) > LARGE:
        entry["lfs"] = {"oid": sha256(content), "size": len(content), "pointerSize": 130}
    return entry


def _sibling(path: str, content: bytes, *, blobs: bool) -> dict[str, object]:
    entry: dict[str, object] = {"rfilename": path}
    if blobs:
        entry |= {"size": len(content), "blobId": blob_id(content)}
        if len(content) > LARGE:
            large = {"sha256": sha256(content), "size": len(content), "pointerSize": 130}
            entry["lfs"] = large
    return entry


def _wanted(body: bytes, content_type: str) -> list[str]:
    """The paths that are asked for, as a form or as JSON."""
    if "json" in content_type:
        paths = json.loads(body)["paths"]
        return list(paths) if isinstance(paths, list) else [str(paths)]
    return parse_qs(body.decode()).get("paths", [])
