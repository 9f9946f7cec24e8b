"""All protocols' tables of requests and answers as one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from events.messages import Message
from market.admission import Admission
from market.retail.admission import ADMISSIONS as RETAIL

ADMISSIONS: Mapping[type[Message], Admission] = MappingProxyType({**RETAIL})
"""Request -> what answers it, in any protocol."""
