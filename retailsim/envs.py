"""Registers the environments with Gymnasium; needs the extra ``rl``.

>>> import gymnasium, retailsim.envs
>>> env = gymnasium.make("retailsim/CSales-v0")
"""

from __future__ import annotations

from retailsim.sim.environments.registration import register

register()
