"""What a run says, for other tools: measures, events and transcripts as tables and files.

Everything is read from the log alone. Frames per episode, market and model call are those of
`analysis.load`; here is what they leave out. ``docs/export.md`` says what every column means.
"""

from retailsim.analysis.export.chat import transcripts
from retailsim.analysis.export.event_table import events
from retailsim.analysis.export.measure_table import measures

__all__ = ["events", "measures", "transcripts"]
