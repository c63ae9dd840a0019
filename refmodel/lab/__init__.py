"""A laboratory: real migrations of the system's own hypervisor, driven, recorded and judged."""
