"""Why a model gave no answer, each as one clear line that holds no key and no prompt."""

from __future__ import annotations

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.refused_setting import ADVICE, setting_of


class ModelError(AgentsError):
    """Base of everything the gateway raises; `model` is the name of the ``[models]`` table."""

    def __init__(self, model: str, problem: str) -> None:
        self.model = model
        super().__init__(f"model {model!r}: {problem}")


class BadModel(ModelError):
    """A ``[models]`` table that cannot work, such as an address that is none."""


class NoKey(ModelError):
    """The environment variable that should hold the key is not set, empty, or no header value."""

    def __init__(self, model: str, env: str, problem: str = "is not set") -> None:
        self.env = env
        super().__init__(
            model,
            f"the environment variable {env} {problem}: put the provider's key into it, or name"
            " another variable with key_env",
        )


class ModelRefusedRequest(ModelError):
    """The provider refuses this one request; others may pass."""

    def __init__(self, model: str, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(model, f"the provider refused the request (HTTP {status}): {detail}")


class ProviderDown(ModelError):
    """No answer within the attempts and the time allowed; the run can be resumed later.

    Parameters
    ----------
    attempts : int
        Requests sent for the call; 0: it never got its turn.
    seconds : float
        How long the call waited altogether.
    last : str
        What the last attempt met.
    """

    def __init__(self, model: str, attempts: int, seconds: float, last: str) -> None:
        self.attempts = attempts
        self.seconds = seconds
        sent = f"{attempts} attempts in" if attempts != 1 else "1 attempt in"
        super().__init__(
            model, f"no answer after {sent} {seconds:.0f} s: {last}; resume the run when it is back"
        )


class NeverItsTurn(ProviderDown):
    """The call's deadline passed while it waited for the limits; nothing was sent."""

    def __init__(self, model: str, seconds: float, waiting: int) -> None:
        last = (
            f"it waited for its turn with {waiting} others; raise deadline_s or the limits, or"
            " have fewer calls at once"
        )
        super().__init__(model, 0, seconds, last)


class ProviderStopped(ModelError):
    """The provider will answer none of the calls until somebody acts: all of them end.

    Parameters
    ----------
    status : int
        HTTP status.
    detail : str
        What the provider said, redacted.
    answered : bool
        Whether this model answered any call before: False where it was refused from the start.
    """

    says = "the provider stopped"
    advice = "resume the run when that is solved"
    resumable = True
    """Whether the same requests may pass later."""

    def __init__(self, model: str, status: int, detail: str, answered: bool = False) -> None:
        self.status = status
        self.detail = detail
        self.answered = answered
        super().__init__(model, f"{self.says} (HTTP {status}): {detail}; {self.advice}")

    def again(self) -> ProviderStopped:
        """Return the same error for a sibling, so that every call raises its own."""
        return type(self)(self.model, self.status, self.detail, self.answered)


class KeyRefused(ProviderStopped):
    """The key is wrong, revoked or not allowed to use the model."""

    says = "the key was refused"
    advice = "check the key and its rights, then resume the run"


class SpendLimit(ProviderStopped):
    """The account has no credit left, or reached a limit of spending."""

    says = "the account's spending limit is reached"
    advice = "add credit or raise the limit, then resume the run"


class DailyQuota(ProviderStopped):
    """A quota that returns only after hours is used up."""

    says = "a quota that returns only after hours is used up"
    advice = "resume the run when it is back"


class ModelUnknown(ProviderStopped):
    """The address knows no such model."""

    says = "the provider knows no such model or address"
    advice = (
        "check model and base_url: resume takes another base_url with --set"
        " models.NAME.base_url=..., another model needs a new launch"
    )


class WayBlocked(ProviderStopped):
    """Not the provider answered but what stands before it: a firewall, a proxy, a login page."""

    says = "something before the provider refused the request"
    advice = "let it pass there, or take another way to it, then resume the run"


class RequestsRefused(ProviderStopped):
    """Not one request was answered, and they are refused for what all of them have in common."""

    says = "the provider refuses the requests as they are"
    resumable = False

    def __init__(self, model: str, status: int, detail: str, answered: bool = False) -> None:
        change = ADVICE[setting_of(detail)].format(model=model)
        self.advice = f"{change}, and start again: requests are part of the run"
        super().__init__(model, status, detail, answered)


class RunStopping(ProviderStopped):
    """The run is stopping, not the provider: what is not on its way yet is left to a resume."""

    says = "the run is stopping"
    advice = "resume the run"
