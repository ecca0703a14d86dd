"""Two people on one campaign, eight clients at once."""

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.e2e.stack import Api, Stack
from tests.e2e.test_kill import box, campaign_with_images

IMAGES = 64
CLIENTS_EACH = 4


@dataclass
class Person:
    """Someone with several clients, which know nothing of each other."""

    name: str


class Annotator(threading.Thread):
    """One client of one person: leases, saves twice, submits, until nothing is left."""

    def __init__(self, stack: Stack, person: Person, token: str, campaign: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.api, self.person, self.campaign = Api(stack.url, token), person, campaign
        self.leased: list[int] = []
        self.submitted: list[int] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Work until the queue is empty."""
        try:
            while self.one_image():
                pass
        except BaseException as failure:
            self.failure = failure

    def one_image(self) -> bool:
        """Label one image; False when nothing is left."""
        answer = self.api.post(f"/campaigns/{self.campaign['id']}/next", {})
        if answer["image"] is None:
            return False
        image, version = answer["image"]["id"], answer["annotation_set"]["version"]
        self.leased.append(image)
        path = f"/images/{image}/annotation-set"
        for name in ("first", "second"):
            change = {"upsert": [box(name, self.campaign["labels"][0]["id"])]}
            version = self.api.patch(path, change, headers={"If-Match": f'"{version}"'})["version"]
        self.api.post(f"{path}/submit", {}, headers={"If-Match": f'"{version}"'})
        self.submitted.append(image)
        return True


def people(stack: Stack, api: Api, campaign: dict[str, Any]) -> list[Annotator]:
    """Add two annotators; each comes with four clients."""
    clients = []
    for person in (Person("grace"), Person("katherine")):
        member = {"username": person.name, "role": "annotator", "password": "correct horse battery"}
        api.post(f"/campaigns/{campaign['id']}/members", member)
        for _ in range(CLIENTS_EACH):
            token = Api(stack.url).post("/auth/token", {"username": person.name, "password": "correct horse battery"})["token"]
            clients.append(Annotator(stack, person, token, campaign))
    return clients


def test_no_image_is_leased_twice_and_every_image_is_labeled_once(shared_stack: Stack, shared_api: Api):
    stack, api = shared_stack, shared_api
    campaign, images = campaign_with_images(api, IMAGES)
    clients = people(stack, api, campaign)
    for client in clients:
        client.start()
    for client in clients:
        client.join(timeout=240)
    assert [client.failure for client in clients] == [None] * len(clients)
    leases = Counter(image for client in clients for image in client.leased)
    assert [image for image, count in leases.items() if count > 1] == []
    assert sorted(leases) == sorted(images)
    assert {client.person.name for client in clients if client.submitted} == {"grace", "katherine"}
    counts = api.get(f"/campaigns/{campaign['id']}")["counts"]
    assert (counts["submitted"], counts["unlabeled"]) == (IMAGES, 0)


def test_of_two_saves_on_one_version_the_later_is_told_and_nothing_is_overwritten(shared_stack: Stack, shared_api: Api):
    stack, api = shared_stack, shared_api
    campaign, images = campaign_with_images(api, 1)
    path, label = f"/images/{images[0]}/annotation-set", campaign["labels"][0]["id"]
    outcomes: list[int] = []
    winners: list[str] = []

    def save(n: int) -> None:
        mine = Api(stack.url, api.token)
        for turn in range(10):
            version = mine.get(path)["version"]
            name = f"{n}-{turn}"
            response = mine.http.patch(path, json={"upsert": [box(name, label)]}, headers={"If-Match": f'"{version}"'})
            outcomes.append(response.status_code)
            if response.status_code == 200:
                winners.append(name)
            else:
                assert response.json()["current"]["version"] > version

    threads = [threading.Thread(target=save, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 80
    assert set(outcomes) <= {200, 412}
    assert {annotation["id"] for annotation in api.get(path)["annotations"]} == set(winners)
