"""The conformance suite: whether an agent keeps the promises that every agent makes."""

from retailsim.agents.conformance.findings import Finding, render
from retailsim.agents.conformance.suite import check, check_by_name

__all__ = ["Finding", "check", "check_by_name", "render"]
