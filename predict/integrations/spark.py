"""newsieve on Apache Spark: a DataFrame of pages in, the same rows with answers out.

    from predict.integrations.spark import classify, clean
    clean(spark.read.parquet("pages")).write.parquet("clean")

Rows go to Python as Arrow batches (`mapInArrow`) through the code that reads and writes Parquet on one machine, and so
come out as there. Each Python worker loads the model once, however many partitions it is given. A row that cannot be
used (its text is null) stays, with nulls for answers and the reason in the column `newsieve_error`: of what it was
given, Spark loses nothing.

newsieve has to be installed on the workers, and a model folder other than the shipped one to lie there under the same
path. Needs pyspark and Java (the extra `spark`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from predict.errors import InputError
from predict.forms import Classify, Clean, Transform
from predict.integrations import sieve_of
from predict.parquet import READ_COLUMNS, empty_batch, with_answers
from predict.pipeline import work
from predict.records import Piece, Source
from predict.streams import optional

ERROR = "newsieve_error"
_BATCH = Source(0, "a Spark row", "parquet", "pages")


def classify(pages: Any, probabilities: bool = False, model: str | None = None) -> Any:
    """Add `paragraphs` (text, start, end, kind, label, flags, probability) to a DataFrame with a column `text`.

    A column `paragraphs` (strings, or structs with `text`) is read instead where there is one, and `title` where there
    is one. probabilities: add those of all labels. model: a model folder; None is the shipped one. Returns a DataFrame.
    """
    return _mapped(pages, Classify(probabilities), model)


def clean(pages: Any, policy: str | None = None, model: str | None = None) -> Any:
    """Replace `text` by what remains of it, and add `removed`, the number of paragraphs that went, by label.

    policy: as of `newsieve clean --policy`. Columns and model are those of `classify`. Returns a DataFrame.
    """
    return _mapped(pages, Clean(sieve_of(model).keep_from(policy) if policy is not None else None), model)


def _mapped(pages: Any, transform: Transform, model: str | None) -> Any:
    if not {"text", "paragraphs"} & set(pages.columns):
        raise InputError(f'no column "text" or "paragraphs"; the columns are {", ".join(pages.columns)}')
    if ERROR in pages.columns:
        raise InputError(f"there is a column {ERROR} already; drop or rename it")
    types = optional("pyspark.sql.pandas.types", "spark")
    before = empty_batch(types.to_arrow_schema(pages.schema))
    after = types.from_arrow_schema(_answered(before, {}, {}, transform).schema)
    return pages.mapInArrow(_worker(transform, model), after)


def _worker(transform: Transform, model: str | None) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """What runs on a worker, over the Arrow batches of a partition."""

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        sieve = sieve_of(model)
        for batch in batches:
            read = batch.select([name for name in READ_COLUMNS if name in batch.schema.names])
            (outcome,) = work(sieve, transform, [Piece(_BATCH, read)])
            if outcome.failure is not None:
                raise InputError(outcome.failure)
            bad = {each.line - 1: each.reason for each in outcome.bad if each.line is not None}
            good = (row for row in range(batch.num_rows) if row not in bad)
            yield from _answered(batch, dict(zip(good, outcome.data)), bad, transform).to_batches()

    return run


def _answered(batch: Any, made: dict[int, dict[str, Any]], bad: dict[int, str], transform: Transform) -> Any:
    """All rows of a batch as a table: with answers where something was made of them, else with the reason."""
    pyarrow = optional("pyarrow", "spark")
    table = with_answers(batch, {**made, **{row: {} for row in bad}}, transform)
    return table.append_column(ERROR, pyarrow.array([bad.get(row) for row in range(batch.num_rows)], pyarrow.string()))
