"""A sum over all nodes of a job, with nothing but Python: rank 0 adds up what the others send, and tells them.

    baton run ./examples/all-reduce --nodes 2 -- python sockets.py
"""

import os
import socket
import time

rank = int(os.environ["BATON_NODE_RANK"])
nodes = int(os.environ["BATON_NUM_NODES"])
# Where the ranks meet; in the environment of every rank, and only once all of them are ready.
place = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))


def as_server(value):
    with socket.create_server(("", place[1])) as server:
        peers = [server.accept()[0].makefile("rw") for _ in range(nodes - 1)]
        total = value + sum(int(peer.readline()) for peer in peers)
        for peer in peers:
            print(total, file=peer, flush=True)
    return total


def as_client(value):
    with connected().makefile("rw") as peer:
        print(value, file=peer, flush=True)
        return int(peer.readline())


def connected():
    """Rank 0 may need a moment more to listen."""
    for _ in range(600):
        try:
            return socket.create_connection(place)
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit(f"nobody listens at {place}")


own = 10 ** rank
total = as_server(own) if rank == 0 else as_client(own)
print(f"rank {rank} of {nodes} at {os.environ['BATON_NODE_LIST']}: {own} of {total}", flush=True)
