"""Listens at a datagram socket as systemd does (sd_notify(3)), and prints each notification as a line of JSON.

The argument is a path, or the name of an abstract socket after @.
"""

import array
import json
import os
import socket
import sys
import time

# As many descriptors as a message of sd_pid_notify_with_fds(3) may have at most.
ROOM = socket.CMSG_SPACE(16) + socket.CMSG_SPACE(4 * 253)

address = sys.argv[1]
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
manager.bind("\0" + address[1:] if address.startswith("@") else address)
print("listening", flush=True)

while True:
    message, ancillary, _, _ = manager.recvmsg(4096, ROOM)
    at = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    variables = dict(line.split("=", 1) for line in message.decode().splitlines())
    sender, descriptors = None, array.array("i")
    for _, kind, data in ancillary:
        if kind == socket.SCM_CREDENTIALS:
            sender = array.array("i", data[:12])[0]
        elif kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % 4])
    # systemd finds the service of a sender by its process, so that must still be there
    known = os.path.exists(f"/proc/{sender}")
    # the sender of a barrier waits until all copies of its descriptor are closed (sd_notify_barrier(3))
    for descriptor in descriptors:
        os.close(descriptor)
    if "BARRIER" not in variables:
        print(json.dumps({"variables": variables, "known": known, "at": at}), flush=True)
