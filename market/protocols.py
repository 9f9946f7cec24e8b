"""All protocols' tables of requests and answers as one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from events.messages import Message
from market.admission import Admission
from market.csales.admission import ADMISSIONS as CSALES
from market.retail.admission import ADMISSIONS as RETAIL

ADMISSIONS: Mapping[type[Message], Admission] = MappingProxyType({**RETAIL, **CSALES})
"""Request -> what answers it, in any protocol."""
