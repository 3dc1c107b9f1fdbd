"""Learning agents in numpy: tiny networks, RMSProp, actor-critic, imitation.

Everything here is in *rewards*, to be made large, as in reinforcement learning; the mixture is the
same as for losses, r^A = A^T r. Within this package the agent axis leads: arrays are
``[agent, run, time, batch, feature]``, less the axes that they do not have, and all agents and
runs act and learn in one batched product. Nothing here knows a world or a trial of D3C.
"""
