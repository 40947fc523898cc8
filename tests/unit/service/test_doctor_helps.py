"""What `huajian doctor` says of weighing helps."""

from pathlib import Path

from core.settings import ReferralSettings, RiskSettings, Settings
from service.main.doctor.findings import Verdict
from service.main.doctor.helps import examine_helps


def said(settings: Settings) -> list[tuple[Verdict, str]]:
    return [(finding.verdict, finding.says) for finding in examine_helps(settings)]


def test_what_is_in_force_and_what_is_missing() -> None:
    score, networks = said(Settings())
    assert score == (Verdict.OK, "holds from 60 points, denies from 100")
    assert networks[0] is Verdict.NOTE
    shadow, _ = said(Settings(risk=RiskSettings(is_shadow=True, hold_points=70)))
    assert shadow == (
        Verdict.NOTE,
        "only looks on, nobody is stopped: holds from 70 points, denies from 100",
    )
    assert said(Settings(referral=ReferralSettings(is_open=False)))[0][0] is Verdict.OK


def test_files_of_the_operators_are_read(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    table.write_text("1.0.0.0\t1.0.0.255\t13335\tUS\tX\n", "utf-8")
    assert said(Settings(risk=RiskSettings(asn_file=table)))[1][1].startswith("1 ranges, ")
    table.write_text("nonsense\n", "utf-8")
    assert said(Settings(risk=RiskSettings(asn_file=table, weights_file=table))) == [
        (Verdict.BROKEN, said(Settings(risk=RiskSettings(weights_file=table)))[0][1]),
        (Verdict.BROKEN, "table.tsv, line 1: not an address, an address and an AS number with tabs between"),
    ]
    missing = RiskSettings(weights_file=tmp_path / "none.toml")
    assert said(Settings(risk=missing))[0][0] is Verdict.BROKEN
