"""One mailbox has one name, whatever is made of it."""

import pytest
from pydantic import TypeAdapter, ValidationError

from service.identity.addresses import EmailAddress, canonical, mailable

ADDRESS: TypeAdapter[str] = TypeAdapter(EmailAddress)


class TestEmailAddress:
    @pytest.mark.parametrize(
        "text",
        [
            "=?utf-8?q?wan?=@example.org",  # mail software reads each of these as wan@example.org
            "=?utf-8?q?=77an?=@example.org",
            "w=?utf-8?q?a?=n@example.org",
            "=?us-ascii?b?d2Fu?=@example.org",
            "婉@example.org",  # before the @, few mail servers take anything but ASCII
            "ſam@example.org",
            "ｗan@example.org",
            "wan@example.org\nBcc: a@example.org",
            "wan\u200b@example.org",
            "wan\x00@example.org",
            "wan\ud800@example.org",
        ],
    )
    def test_what_is_another_mailbox_to_mail_software_or_none_is_refused(self, text: str) -> None:
        with pytest.raises(ValidationError):
            ADDRESS.validate_python(text)

    def test_a_chinese_domain_is_one_however_it_is_written(self) -> None:
        found = {ADDRESS.validate_python(text) for text in ("a@例子.中国", "a@xn--fsqu00a.xn--fiqs8s")}
        assert found == {"a@例子.中国"}
        assert mailable(found.pop()) == "a@xn--fsqu00a.xn--fiqs8s"

    def test_domains_that_only_look_alike_stay_two(self) -> None:
        assert canonical(ADDRESS.validate_python("a@straße.de")) != canonical("a@strasse.de")
