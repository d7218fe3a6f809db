"""Training on every core: one process a core over weights in shared memory. Refuses to know: models, data, optimizers."""
import signal
import sys

import torch
import torch.multiprocessing as processes

from common import THREADS


def train_on_cores(work, model, shared, options, method="spawn"):
    """Runs `work(rank, model, gradients, shared, wall, options)` in a process a core, until all have ended. `gradients` holds a
    tensor a parameter for each of them, `wall` is a barrier they all pass, `options.lock` guards the tensors of `shared`."""
    context = processes.get_context(method)
    options.lock = context.Lock()
    gradients = [[torch.zeros_like(p) for p in model.parameters()] for _ in range(THREADS)]
    for t in [*shared.values(), *(g for row in gradients for g in row)]:
        t.share_memory_()
    model.share_memory()
    wall = context.Barrier(THREADS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the processes end with this one
    workers = [context.Process(target=work, args=(rank, model, gradients, shared, wall, options), daemon=True)
               for rank in range(THREADS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            wall.abort()
            raise SystemExit(worker.exitcode)
