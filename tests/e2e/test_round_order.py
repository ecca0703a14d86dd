"""Eight clients at once lease exactly the images that a round asks for first."""

import threading

from tests.e2e.stack import Api, Stack
from tests.e2e.test_kill import campaign_with_images

IMAGES, CLIENTS, EACH = 48, 8, 4


def lease(api: Api, campaign: int, got: list[int], failures: list[BaseException]) -> None:
    """Lease a few images, keeping them all."""
    try:
        for _ in range(EACH):
            got.append(api.post(f"/campaigns/{campaign}/next", {"exclude": got})["image"]["id"])
    except BaseException as failure:
        failures.append(failure)


def test_eight_people_at_once_get_the_first_images_of_the_ranking_and_none_twice(shared_stack: Stack, shared_api: Api):
    stack, api = shared_stack, shared_api
    campaign, _ = campaign_with_images(api, IMAGES)
    address = f"/campaigns/{campaign['id']}"
    made = api.post(f"{address}/rounds", {"strategy": "random", "size": 16, "seed": 11})
    api.finished(made["run"])
    rank = {row["image"]["id"]: row["rank"] for row in api.every(f"{address}/rounds/{made['number']}/ranking?page_size=200")}
    assert len(rank) == IMAGES
    clients, held, failures = [], [[] for _ in range(CLIENTS)], []
    for n in range(CLIENTS):
        person = {"username": f"person-{n}", "password": "correct horse battery"}
        api.post(f"{address}/members", {**person, "role": "annotator"})
        clients.append(Api(stack.url, Api(stack.url).post("/auth/token", person)["token"]))
    threads = [
        threading.Thread(target=lease, args=(client, campaign["id"], got, failures)) for client, got in zip(clients, held, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert failures == []
    leased = sorted(rank[image] for got in held for image in got)
    assert leased == list(range(1, CLIENTS * EACH + 1))
    for got in held:
        mine = [rank[image] for image in got]
        assert mine == sorted(mine)
