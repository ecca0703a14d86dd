"""An index finds what an exact search finds, takes in what comes later, and is begun anew when it is stale or broken."""

import fcntl
import json
from dataclasses import replace

import numpy as np
import pytest

from active_learning.embeddings import EmbeddingStore
from active_learning.embeddings.index import NearestIndex
from active_learning.embeddings.similarity import nearest
from active_learning.services import embeddings, similarity
from active_learning.services.similarity import start_looking
from campaigns.runs import execute_now

COUNT, DIMENSIONS = 6000, 300


def cloud(count, rng, centers):
    """Vectors as networks give them: round many centres, in fewer directions than there are numbers, none negative."""
    inner = centers[rng.integers(0, len(centers), count)] + 0.5 * rng.standard_normal((count, centers.shape[1]))
    turn = np.random.default_rng(9).standard_normal((centers.shape[1], DIMENSIONS))
    return np.maximum(0, inner @ turn + rng.standard_normal((count, DIMENSIONS))).astype(np.float32)


@pytest.fixture
def grounds(tmp_path):
    rng = np.random.default_rng(4)
    centers = rng.standard_normal((60, 24))
    store = EmbeddingStore(tmp_path / "space", DIMENSIONS)
    store.append(np.arange(COUNT), cloud(COUNT, rng, centers))
    return store, rng, centers


def by_index(index, store, vector, limit):
    rows = np.sort(index.candidates(vector, limit))
    return [int(rows[each.place]) for each in nearest(vector, lambda start, end: store.load(rows[start:end]), len(rows), limit=limit)]


def recall(index, store, queries, limit=10):
    found = 0
    for query in queries:
        exact = {each.place for each in nearest(query, store.rows, len(store), limit=limit)}
        found += len(exact & set(by_index(index, store, query, limit)))
    return found / (limit * len(queries))


def test_of_the_ten_nearest_at_least_95_of_100_are_found_and_few_vectors_are_looked_at(grounds):
    store, rng, centers = grounds
    index = NearestIndex(store)
    assert index.candidates(np.ones(DIMENSIONS), 10) is None
    assert index.update()
    queries = cloud(40, rng, centers)
    assert recall(index, store, queries) >= 0.95
    assert len(index.candidates(queries[0], 10)) <= 256


def test_what_came_later_is_found_before_and_after_it_is_taken_in_and_the_graph_grows_by_it_alone(grounds):
    store, rng, centers = grounds
    index = NearestIndex(store)
    index.update()
    late = cloud(50, rng, centers)
    store.append(np.arange(COUNT, COUNT + 50), late)
    assert all(by_index(index, store, late[n], 1) == [COUNT + n] for n in range(5))
    axes = index._folder.joinpath("1.npy").read_bytes()
    assert index.update()
    about = index.about
    assert (about.generation, about.rows, about.founded_on) == (2, COUNT + 50, COUNT)
    assert index._folder.joinpath("2.npy").read_bytes() == axes
    assert sorted(path.name for path in index._folder.iterdir()) == ["2.graph", "2.npy", "index.json", "lock"]
    assert all(by_index(index, store, late[n], 1) == [COUNT + n] for n in range(5))
    assert recall(index, store, late[:20]) >= 0.95
    assert index.update() and index.about == about


def test_an_index_of_another_form_is_made_anew_while_all_are_looked_at(tmp_path):
    store = EmbeddingStore(tmp_path, 40)
    store.append(np.arange(100), np.abs(np.random.default_rng(1).standard_normal((100, 40))))
    index = NearestIndex(store)
    index.update()
    said = json.loads((index._folder / "index.json").read_text())
    (index._folder / "index.json").write_text(json.dumps({**said, "form": 1}))
    assert index.about is None and index.candidates(np.ones(40), 3) is None
    assert index.update()
    assert (index.about.form, index.about.rows) == (said["form"], 100) and 0 in index.candidates(store.rows(0, 1)[0], 3)


def test_a_store_that_has_doubled_gets_new_axes(tmp_path):
    rng = np.random.default_rng(1)
    store = EmbeddingStore(tmp_path, 40)
    store.append(np.arange(100), np.abs(rng.standard_normal((100, 40))))
    index = NearestIndex(store)
    index.update()
    store.append(np.arange(100, 200), np.abs(rng.standard_normal((100, 40))))
    index.update()
    assert index.about.founded_on == 200


@pytest.mark.parametrize("name", ["1.graph", "1.npy"])
@pytest.mark.parametrize("content", [None, b"", b"half a file"])
def test_files_that_are_gone_or_cut_off_leave_all_to_be_looked_at_until_they_are_made_anew(tmp_path, name, content):
    """A writer removes the generation before while readers open it; a power cut may leave an empty file behind."""
    store = EmbeddingStore(tmp_path, 40)
    store.append(np.arange(100), np.abs(np.random.default_rng(1).standard_normal((100, 40))))
    index = NearestIndex(store)
    index.update()
    path = index._folder / name
    path.unlink() if content is None else path.write_bytes(content)
    assert index.candidates(np.ones(40), 3) is None
    store.append([100], np.ones((1, 40)))
    assert index.update()
    assert (index.about.generation, index.about.rows, index.about.founded_on) == (2, 101, 101)
    assert 100 in index.candidates(np.ones(40), 3)


def test_a_broken_or_stopped_index_is_none_and_is_made_again_and_writers_take_turns(tmp_path):
    rng = np.random.default_rng(1)
    store = EmbeddingStore(tmp_path, 40)
    store.append(np.arange(100), np.abs(rng.standard_normal((100, 40))))
    index = NearestIndex(store)

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.update(check=stop)
    assert index.about is None
    with (index._folder / "lock").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert not index.update()
    assert index.update()
    (index._folder / "index.json").write_text("{")
    assert index.candidates(np.ones(40), 3) is None
    assert index.update() and index.about.rows == 100


@pytest.mark.django_db
def test_a_campaign_with_many_images_is_searched_by_the_index_and_answers_the_same(coast, manager, as_user, viewer, monkeypatch):
    def similar(**query):
        answer = as_user(viewer).get(f"/api/v1/campaigns/{coast.pk}/similar", {"image": first.pk, "limit": 5, **query})
        return answer.json()["similar"]

    first = coast.images.order_by("id").first()
    execute_now(start_looking(user=manager, campaign=coast))
    exact, narrowed = similar(), similar(state="unlabeled")
    for module in (embeddings, similarity):
        monkeypatch.setattr(module, "EXACT_UP_TO", 10)
    assert execute_now(start_looking(user=manager, campaign=coast)).state == "succeeded"
    asked = []
    candidates = NearestIndex.candidates
    monkeypatch.setattr(NearestIndex, "candidates", lambda self, *args, **more: asked.append(more) or candidates(self, *args, **more))
    assert (similar(), similar(state="unlabeled")) == (exact, narrowed)
    assert len(asked) == 2
    looked = similarity._looked(viewer, coast, "all", embeddings.campaign_store(coast))
    far = replace(looked, ids=looked.ids[:11], keys=np.arange(11, dtype=np.int64))  # none of the candidates is among these
    assert similarity._likely(np.ones(1280), far, 5) is far
