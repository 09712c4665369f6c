"""The same sum with torch.distributed, which finds rank, size and meeting place in its environment.

    baton run ./examples/all-reduce --nodes 2 --python /path/to/python-with-torch -- python with_torch.py
"""

import torch
import torch.distributed as dist

dist.init_process_group("gloo")
value = torch.tensor([10.0 ** dist.get_rank()])
dist.all_reduce(value)
print(f"rank {dist.get_rank()} of {dist.get_world_size()}: {int(value.item())}", flush=True)
dist.destroy_process_group()
