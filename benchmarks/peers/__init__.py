"""mmbench beside the tools that people use today, on the same work, in one run.

    python -m benchmarks.peers                                   # all of it: `make peers`
    python -m benchmarks.peers --rows 64 --repeats 1 --only text-features
    python -m benchmarks.peers --render                          # the page again, from the records

`experiments` says what is compared, `finetune`, `probe`, `features` and `matrix` do one side's work
each, `warm` keeps every side in a process of its own, `interleave` lets them take turns, `record`
keeps the raw seconds, `ratios` and `page` say what they show.
"""
