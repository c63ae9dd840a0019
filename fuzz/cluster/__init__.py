"""A campaign on several machines: slices of it are tasks of a Dask cluster, corpora and findings meet in a store."""
