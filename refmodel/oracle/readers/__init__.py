"""Readers: from the bytes of a recording to typed records, one module a format or mechanism."""
