#!/bin/sh
# Run a command where nothing but loopback can be reached: tools/offline.sh COMMAND…
# Its children inherit the network namespace. Without the right to make one, it says so and goes on
# with the libraries' offline switches alone.
set -eu
export HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 TRANSFORMERS_OFFLINE=1
if [ "${1:-}" = --inside ]; then
    shift
    # bring loopback up: SIOCGIFFLAGS 0x8913, SIOCSIFFLAGS 0x8914, IFF_UP 1
    "${PYTHON:-python3}" -c '
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    name, flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh", b"lo", 0)))
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", name, flags | 1))'
    export MMBENCH_TEST_NETNS=1
    exec "$@"
fi
for options in -n -rn; do
    if unshare "$options" true 2>/dev/null; then
        exec unshare "$options" "$0" --inside "$@"
    fi
done
echo "offline.sh: no network namespace can be made here; running with the offline switches alone" >&2
exec "$@"
