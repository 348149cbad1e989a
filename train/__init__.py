"""Everything that turns labelled data into a model: reading and checking a corpus, fitting, measuring."""
