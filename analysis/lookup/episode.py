"""The lines of one episode, with those of its market that concern it."""

from __future__ import annotations

from retailsim.analysis.lookup.index import LogIndex


def episode_lines(index: LogIndex, market: str, episode: str) -> list[bytes]:
    """Return what the log says of one episode, in the order of the log, without newlines.

    That is what is said of the episode itself and of its market as a whole (``episode`` is null),
    such as its pitch and the answers recorded for that. Of a resumed run the order of the log may
    be another than that of the events: that is their ``seq``.

    Parameters
    ----------
    index : LogIndex
        Of the run.
    market, episode : str
        As the frame of episodes names them.

    Returns
    -------
    list of bytes
        Lines of JSON; none if the log has no line of the episode itself.

    Raises
    ------
    LogDamaged, LogUnreadable, ZstdMissing
        As `LogIndex.lines`.
    """
    heard = index.chosen_lines(market, lambda head: head.episode in (None, episode))
    told = any(head.episode == episode for head, _ in heard)
    return [line for _, line in heard] if told else []
