"""PyTorch's Gloo as a contender of flm_comm_bench: the same verb, sizes and iterations, one JSON object a line.

    python3 gloo.py RANKS BYTES:ITERATIONS...
"""

import json
import sys
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as processes

WARM_UPS = 2


def run_rank(rank: int, ranks: int, sizes: list[tuple[int, int]], port: int) -> None:
    torch.set_num_threads(1)
    store = dist.TCPStore("127.0.0.1", port, ranks, rank == 0)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=ranks)
    for size, iterations in sizes:
        data = torch.zeros(size // 4)
        seconds = []
        for i in range(-WARM_UPS, iterations):
            dist.barrier()
            start = time.perf_counter()
            dist.all_reduce(data)
            dist.barrier()
            if i >= 0:
                seconds.append(time.perf_counter() - start)
        if rank == 0:
            seconds.sort()
            print(json.dumps({"bytes": size, "median_ms": seconds[len(seconds) // 2] * 1e3}), flush=True)
    dist.destroy_process_group()


def free_port() -> int:
    store = dist.TCPStore("127.0.0.1", 0, 1, True)
    return store.port


if __name__ == "__main__":
    wanted = [tuple(map(int, text.split(":"))) for text in sys.argv[2:]]
    count = int(sys.argv[1])
    processes.spawn(run_rank, (count, wanted, free_port()), nprocs=count)
