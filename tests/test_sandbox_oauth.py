"""The local WeCom's login: whom it asks, what it refuses, and that a code is spent once."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from builders.sandbox import Api, make_api

from sandbox.codes import CODE_S

BACK = "https://quota.example.com/login/done"


@pytest.fixture
def api() -> Api:
    api = make_api()
    api.token = api.gettoken().json["access_token"]
    return api


def in_wecom(api: Api, **changes: str | None) -> dict[str, str]:
    return _without_none(
        {
            "appid": api.world.app.corp_id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": "s1",
            "agentid": str(api.world.app.agent_id),
        }
        | changes
    )


def in_browser(api: Api, **changes: str | None) -> dict[str, str]:
    whole = {key: value for key, value in in_wecom(api).items() if key not in ("response_type", "scope")}
    return _without_none(whole | {"login_type": "CorpApp"} | changes)


def _without_none(query: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in query.items() if value is not None}


def code(api: Api, userid: str = "yg01") -> str:
    answer = api.client.get("/connect/oauth2/authorize", query_string=in_wecom(api, **{"as": userid}))
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def whose(api: Api, code: str | None) -> dict[str, object]:
    query = _without_none({"access_token": api.token, "code": code})
    answer: dict[str, object] = api.client.get("/cgi-bin/auth/getuserinfo", query_string=query).json
    return answer


@pytest.mark.parametrize("path", ["/connect/oauth2/authorize", "/wwlogin/sso/login"])
def test_the_page_asks_who_to_continue_as_and_sends_the_browser_back(api: Api, path: str) -> None:
    query = in_wecom(api) if "oauth2" in path else in_browser(api)

    page = api.client.get(path, query_string=query).text
    answer = api.client.get(path, query_string=query | {"as": "yg02"})

    assert all(person.name in page for person in api.world.branch.people)
    target = urlsplit(answer.headers["Location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == BACK
    assert parse_qs(target.query)["state"] == ["s1"]


@pytest.mark.parametrize("path", ["/connect/oauth2/authorize", "/wwlogin/sso/login"])
def test_the_page_has_no_style_of_its_own_and_nothing_from_elsewhere(api: Api, path: str) -> None:
    answer = api.client.get(path, query_string=in_wecom(api) if "oauth2" in path else in_browser(api))
    style, icon = (
        re.search(rf'<link rel="{kind}"[^>]* href="([^"]+)"', answer.text) for kind in ("stylesheet", "icon")
    )

    assert "<style" not in answer.text
    assert "default-src 'none'; style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert style is not None
    assert icon is not None
    for link in (style, icon):
        with api.client.get(link[1]) as file:
            assert file.status_code == 200


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"appid": "ww0"}, "40013", id="another corp"),
        pytest.param({"redirect_uri": "/login/done"}, "50001", id="no address to come back to"),
        pytest.param({"redirect_uri": "javascript:alert(1)"}, "50001", id="a script to come back to"),
        pytest.param({"state": "a b"}, "state", id="a state with a blank"),
        pytest.param({"state": "x" * 129}, "state", id="a state that is too long"),
        pytest.param({"response_type": None}, "response_type", id="no response_type"),
        pytest.param({"scope": "all"}, "scope", id="an unknown scope"),
    ],
)
def test_wecoms_page_refuses_what_the_real_one_does(
    api: Api, changes: dict[str, str | None], reason: str
) -> None:
    answer = api.client.get(
        "/connect/oauth2/authorize", query_string=in_wecom(api, **changes) | {"as": "yg01"}
    )

    assert answer.status_code == 400
    assert reason in answer.text
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"login_type": "ServiceApp"}, id="another kind of login"),
        pytest.param({"agentid": "1"}, id="another app"),
    ],
)
def test_the_web_login_refuses_another_app(api: Api, changes: dict[str, str | None]) -> None:
    answer = api.client.get("/wwlogin/sso/login", query_string=in_browser(api, **changes) | {"as": "yg01"})

    assert answer.status_code == 400


def test_only_the_redirect_domain_is_come_back_to(api: Api) -> None:
    statuses = []
    for domain in ("other.example.com", "quota.example.com"):
        api.client.post("/sandbox/switches", json={"api": {"redirect_domain": domain}})
        query = in_wecom(api, **{"as": "yg01"})
        statuses.append(api.client.get("/connect/oauth2/authorize", query_string=query).status_code)

    assert statuses == [400, 302]


def test_a_code_tells_the_userid_as_it_is_registered_and_works_once(api: Api) -> None:
    given = code(api, "yg07")

    first, second = whose(api, given), whose(api, given)

    assert (first["errcode"], first["userid"]) == (0, "Yg07")
    assert second["errcode"] == 42022


def test_a_code_is_valid_for_five_minutes(api: Api) -> None:
    late, early = code(api), code(api)

    api.real.now += CODE_S - 1
    in_time = whose(api, early)["errcode"]
    api.real.now += 1

    assert (in_time, whose(api, late)["errcode"]) == (0, 42003)


@pytest.mark.parametrize(
    ("given", "errcode"), [pytest.param(None, 41008, id="none"), pytest.param("made-up", 40029, id="forged")]
)
def test_no_code_and_a_forged_one_are_refused(api: Api, given: str | None, errcode: int) -> None:
    assert whose(api, given)["errcode"] == errcode


def test_somebody_outside_has_an_openid_and_no_userid(api: Api) -> None:
    answer = whose(api, code(api, "outsider"))

    assert "openid" in answer
    assert "userid" not in answer


def test_a_phone_opens_a_page_as_its_member_without_a_question_once(api: Api) -> None:
    target = "https://quota.example.com/me"
    opened = api.client.get("/phone/open", query_string={"as": "yg03", "to": target})
    asked = [api.client.get("/connect/oauth2/authorize", query_string=in_wecom(api)) for _ in range(2)]

    assert opened.headers["Location"] == target
    given = parse_qs(urlsplit(asked[0].headers["Location"]).query)["code"][0]
    assert whose(api, given)["userid"] == "yg03"
    assert asked[1].status_code == 200
