"""Questions about statistics over the API."""

import json


def address(campaign, model, rest=""):
    return f"/api/v1/campaigns/{campaign.pk}/models/{model.pk}/statistics{rest}"


def get(client, campaign, model, rest="", **query):
    answer = client.get(address(campaign, model, rest), {k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in query.items()})
    assert answer.status_code == 200, answer.json()
    return answer.json()


def figures(document):
    return {each["name"]: each["value"] for each in document["figures"]}
