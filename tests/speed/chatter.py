"""`mmbench.speed.serve` with a library that prints on standard output while a case is loaded."""

import os

import torch

from mmbench.speed import serve, workload
from mmbench.speed_record import SpeedCase


def main() -> None:
    build = workload.build

    def chatty(case: SpeedCase, device: torch.device) -> workload.Workload:
        print("loading weights …", flush=True)
        os.write(1, b"from C as well\n")
        return build(case, device)

    setattr(workload, "build", chatty)  # noqa: B010
    serve.main()


if __name__ == "__main__":
    main()
