"""Measurements that stand beside a bare equivalent, taken in the same run."""
