import pytest


@pytest.fixture
def get(client):
    """Ask an address of the API, expect a status code, return the answer."""

    def get(path, status=200, **headers):
        answer = client.get(f"/api/v1/{path}", headers=headers)
        assert answer.status_code == status, answer.content
        return answer

    return get
