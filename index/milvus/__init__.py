"""The index on a Milvus server: the same contract as the folder on disk, for archives beyond one machine.

    <name>_state           heads (what each generation holds), and claims of writers
    <name>_<e>_passages    one row a passage: vectors, term weights, its fields
    <name>_<e>_records     documents, articles, originals and word statistics, cut to the field limit

`e` is the epoch: rows of one epoch share encoder, tokenizer and mean length. A
generation becomes visible when its head is inserted, which is one row; rows of
a generation are never changed while it can be read (`tables`, `heads`).
"""
