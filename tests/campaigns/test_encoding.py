"""How documents are read and written in JSON columns."""

import gc

import orjson
import pytest

from campaigns.encoding import LARGE, DocumentDecoder, DocumentEncoder, resting_collector


@pytest.mark.parametrize("vertices", [3, LARGE])
def test_a_document_comes_back_as_it_went_in_and_the_collector_works_on(vertices: int) -> None:
    document = [[[n, n + 0.25] for n in range(vertices)]]
    assert DocumentDecoder().decode(DocumentEncoder().encode(document)) == document
    assert gc.isenabled()


def test_the_collector_works_on_after_a_document_that_cannot_be_read() -> None:
    with pytest.raises(orjson.JSONDecodeError):
        DocumentDecoder().decode("[" * LARGE)
    assert gc.isenabled()


def test_the_collector_rests_once_however_many_documents_are_read_meanwhile() -> None:
    with resting_collector():
        DocumentDecoder().decode("[" + "0," * LARGE + "0]")
        assert not gc.isenabled()
    assert gc.isenabled()
