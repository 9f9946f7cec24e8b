"""What a type checker refuses of `import retailsim`; it is checked, never run.

The comment before each line is how the checker's message begins. `test_public_types` takes the
ignores out and compares; with them, the checker tells of a line that it would accept.
"""

from __future__ import annotations

import retailsim


class Wrong(retailsim.SellerAgent):
    """Answers with a number."""

    # Return type "Coroutine[Any, Any, int]" of "answer" incompatible with return type
    async def answer(self, request: retailsim.AnswerBuyer) -> int:  # type: ignore[override]
        return 1


def refused(run: retailsim.Run) -> None:
    """Each line is wrong in one way."""
    # Argument 1 to "run" has incompatible type "int"
    retailsim.run(7)  # type: ignore[arg-type]
    # Argument "seed" to "run" has incompatible type "str"
    retailsim.run(seed="1")  # type: ignore[arg-type]
    # Argument "sellers" to "run" has incompatible type "type[int]"
    retailsim.run(sellers=int)  # type: ignore[arg-type]
    # Argument "settings" to "run" has incompatible type "list[str]"
    retailsim.run(settings=["run.seed=1"])  # type: ignore[arg-type]
    # Unexpected keyword argument "seller" for "run"
    retailsim.run(seller="a")  # type: ignore[call-arg]
    # Too many positional arguments for "run"
    retailsim.run("pairwise", "a")  # type: ignore[call-arg]
    # "Run" has no attribute "frames"
    run.frames()  # type: ignore[attr-defined]
    # Argument 2 to "compare" has incompatible type "float"
    retailsim.compare(run, 1.0)  # type: ignore[arg-type]
    # Property "finished" defined in "Run" is read-only
    run.finished = True  # type: ignore[misc]
    # Unexpected keyword argument "rating" for "Decision"
    retailsim.Decision(rating=1)  # type: ignore[call-arg]
    # Module has no attribute "nothing"
    retailsim.nothing()  # type: ignore[attr-defined]
