"""The paper's tables, from runs: each row beside the published one."""
