"""Read a folder of a pinned npm package, without installing it."""

import hashlib
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An npm package, the digest of its tarball, and the folder in it that is read."""

    name: str
    version: str
    sha256: str
    folder: str

    @property
    def tarball(self) -> str:
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


def fetch(package: Package, *, into: Path) -> None:
    """Download the tarball with npm."""
    wanted = f"{package.name}@{package.version}"
    command = ["npm", "pack", wanted, "--silent", "--pack-destination", str(into)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def read_package(package: Package, packages: Path) -> dict[str, bytes]:
    """File name, relative to the package's folder, → content. ValueError for another tarball."""
    tarball = packages / package.tarball
    digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise ValueError(
            f"{tarball.name}: SHA-256 is {digest}, not {package.sha256}; "
            "delete the file and run without --packages"
        )
    with tarfile.open(tarball) as archive:
        return {
            member.name.removeprefix(package.folder): content.read()
            for member in archive
            if member.name.startswith(package.folder) and (content := archive.extractfile(member))
        }
