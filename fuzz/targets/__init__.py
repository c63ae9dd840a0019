"""Fuzz targets, one question a file. Each runs by itself with libFuzzer's flags."""
