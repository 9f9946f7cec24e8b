"""`catalog FILE`, and a catalogue where a scenario is expected."""

import json
from pathlib import Path

import pytest

from retailsim.analysis.projection.loader import load
from retailsim.sim.error_line import folded_lines
from retailsim.sim.run.catalogue_named import is_catalogue, with_catalogue
from retailsim.sim.run.launch_options import Options
from tests.published import published
from tests.sim.runs import scenario, sim

ROWS = """\
Artikelnummer;Bezeichnung;Preis;Warengruppe;EK;Beschreibung
01;Lampe & Schirm;1.299,00 €;Möbel;640,00;<p>Für das Wohnzimmer und mit Schirm.</p>
02;Tisch;39,90 €;Möbel;;Der Tisch ist aus Eiche und nicht aus Kiefer, auch für den Garten.
03;Zwerg;12,50 €;Gartenzwerge;3,00;Ein Zwerg für den Garten und für das Haus.
04;Stuhl;€49.00;Möbel;9,00;Mit dem Stuhl sitzt sich nicht schlecht.
05;Regal;79,00 €;Möbel;n. v.;Das Regal ist auch für die Wand von innen.
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.csv"
    path.write_bytes(ROWS.encode("cp1252"))
    return path


def test_what_was_read_and_what_was_not_is_shown_within_80_columns(shop: Path) -> None:
    result = sim("catalog", shop)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line for line in lines if len(line.rstrip()) > 80 and str(shop) not in line] == []
    said = [" ".join(line.split()) for line in lines]
    for line in (
        "Amounts in EUR",
        "Preis: a comma before the cents, so 1.299,00 € is 1299.00",
        "3 products of 5 rows",
        "Home 3 39.90 79.00 1,299.00 1 640.00",
        "1 without a usable price",
        "line 5: 04: €49.00",
        "1 kept without their unusable unit cost",
        "line 6: 05: n. v.",
        '"Gartenzwerge" = "Home" # 1 row',
        "1 of 3 products have a unit cost; profit is over those.",
        "line 3: 02: no cost",
        "title Lampe & Schirm",
        "price €1,299.00",
        "Für das Wohnzimmer und mit Schirm.",
    ):
        assert line in said
    assert "look German; agents speak English" in result.stdout


def test_long_amounts_fit_and_one_product_or_none_is_said_as_such(tmp_path: Path) -> None:
    path = tmp_path / "dear.csv"
    rows = [f"{n},Yacht {n},999999.99,Home,99999{n}.00" for n in range(8)]
    path.write_text("\n".join(("id,title,price,category,cost", *rows, "9,Raft,5.00,Home,6.00")))
    found = sim("catalog", path).stdout.replace(str(path), "FILE")
    assert max(map(len, found.splitlines())) <= 80
    assert " ".join(found.split()).count("999,999.99") == 3  # median, most, sheet
    assert "\n1 product costs more than its price.\n" in found
    path.write_text("id,title,price,category\n1,Raft,none,Home\n")
    none = sim("catalog", path)
    assert none.exit_code == 1
    assert "0 products of 1 row\n\nSkipped\n" in none.stdout
    assert "profit" not in none.stdout


def test_rows_of_one_id_are_one_product_as_in_a_run(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    rows = ("1,Lamp,12.00,Home", "1,Lamp,11.00,Home", "2,Mug,9.00,Home", "1,Lamp,10.00,Home")
    path.write_text("\n".join(("id,title,price,category", *rows)))
    found = json.loads(sim("catalog", path, "--json").stdout)
    assert (found["rows"], found["kept"]) == (4, 2)
    group = found["categories"][0]
    out = path.parent / "run"
    assert sim("launch", path, "--out", out, "--sellers", "quiet-clerk").exit_code == 0
    sold = load(out).episodes.unique("product").sort("product")["list_price_cents"].to_list()
    assert [group["most_cents"], group["least_cents"]] == sold
    assert [one["rows"] for one in found["skipped"]] == [2]


def test_the_same_as_json(shop: Path) -> None:
    found = json.loads(sim("catalog", shop, "--json").stdout)
    assert found["columns"]["unit_cost"] == "EK"
    assert (found["rows"], found["kept"], found["currency"]) == (5, 3, "EUR")
    assert found["unmapped"] == {"Gartenzwerge": 1}
    examples = {one["reason"]: one["examples"] for one in found["skipped"]}
    assert examples["no_price"] == [[5, "04", "€49.00"]]
    assert found["categories"][0]["median_cents"] == 7900


def test_settings_say_what_the_file_does_not(shop: Path) -> None:
    told = ("products.other=Home", "products.currency=EUR", "products.columns.unit_cost=")
    settings = [word for one in told for word in ("--set", one)]
    found = json.loads(sim("catalog", shop, "--json", *settings).stdout)
    assert (found["kept"], "unit_cost" in found["columns"]) == (4, False)
    own = ("--set", 'products.categories={"Gartenzwerge" = "Home"}')
    assert json.loads(sim("catalog", shop, "--json", *own).stdout)["kept"] == 4


def test_a_scenario_may_be_named_instead(shop: Path) -> None:
    text = f'[products]\ncatalog = "{shop.name}"\n[[sellers]]\nid = "s"\n[[buyers]]\nid = "b"\n'
    found = json.loads(sim("catalog", scenario(shop.parent, text), "--json").stdout)
    assert found["kept"] == 3
    assert json.loads(sim("catalog", "builtin", "--json").stdout)["kept"] == 120


def test_launch_takes_a_catalogue_where_a_scenario_is_expected(shop: Path) -> None:
    result = sim("launch", shop, "--out", shop.parent / "run", "--sellers", "quiet-clerk")
    assert result.exit_code == 0, result.stderr
    assert f"{shop} is a catalogue: the scenario pairwise with its products" in result.stderr
    frozen = (shop.parent / "run" / "run.toml").read_text(encoding="utf-8")
    assert 'currency = "EUR"' in frozen


def test_a_scenario_is_no_catalogue_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "scenario.txt"
    path.write_text('[[sellers]]\nid = "s"\n')
    assert not is_catalogue(path)
    path.write_text("[products\nid = title")  # a slip in a scenario is told as one
    assert not is_catalogue(path)
    path.write_text("id,title,price\n")
    assert is_catalogue(path)
    assert with_catalogue(Options(scenario="pairwise")) == (Options(scenario="pairwise"), None)


def test_a_catalogue_where_only_a_scenario_will_do_is_told_how_to_become_one(shop: Path) -> None:
    for words in (("sweep", shop, "design.discount=0,0.1"), ("plan", shop, "--difference", "3")):
        result = sim(*words)
        assert result.exit_code == 2
        assert f"{shop} is no scenario but, it seems, a catalogue" in result.stderr
        assert f" new {shop}\n" in result.stderr


def test_a_picture_or_document_is_refused_by_what_it_is(tmp_path: Path) -> None:
    for name, data, seen in (
        ("price list.pdf", b"%PDF-1.4\n\xff\xfe", "a PDF document"),
        ("shop.png", b"\x89PNG\r\n", "a picture"),
        ("shop.html", b"<html><body>shop</body></html>", "an HTML page"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        result = sim("launch", path)
        said = " ".join(result.stderr.split())
        assert result.exit_code == 2
        assert f"{name} is {seen}, not a catalogue: export the products as CSV" in said


def test_a_text_that_is_neither_is_told_what_it_may_be_for(tmp_path: Path) -> None:
    path = tmp_path / "pitch.txt"
    path.write_text("Today I have the {title} by {brand}, for {price}. Order now.\n")
    result = sim("launch", path)
    assert result.exit_code == 2
    assert "neither a scenario (TOML) nor a catalogue" in result.stderr
    assert 'agent = "script" and pitch_file = "pitch.txt"' in result.stderr


def test_a_refusal_says_what_was_seen_and_what_to_do_in_three_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("odd.csv")
    header = ["Benennung", *(f"A long column {i}" for i in range(30))]
    path.write_text(f"{';'.join(header)}\n{';'.join('x' * len(header))}\n")
    for words in (("catalog", path), ("launch", "--catalog", path), ("launch", path)):
        result = sim(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        lines = result.stderr.splitlines()
        assert len(lines) <= 3
        assert max(map(len, lines)) <= 80
        assert "CSV, semicolons, UTF-8" in result.stderr
        assert result.stderr.endswith("--set products.columns.id=NAME\n")


def test_a_long_line_is_folded_into_three() -> None:
    line = "error: " + " ".join(f"word{i}" for i in range(200)) + " do this"
    folded = folded_lines(line)
    assert len(folded) == 3
    assert max(map(len, folded)) <= 80
    assert (folded[0][:12], folded[1][:4], folded[2][-7:]) == ("error: word0", "... ", "do this")
    assert folded_lines("error: short") == ["error: short"]
    far = f"error: the catalogue /{'long/' * 30}shop.csv has no product in half 2: {'word ' * 12}"
    assert folded_lines(far)[0].startswith(
        "error: the catalogue .../shop.csv has no product in half"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["products.xlsx", "gmc_feed.xml", "shopify_products_export.csv", "pandas_index.parquet"]
)
def test_an_export_becomes_a_run_and_a_report_by_one_command_each(
    tmp_path: Path, name: str
) -> None:
    out = tmp_path / "run"
    result = sim("launch", published(f"exports/{name}"), "--out", out, "--json")
    assert result.exit_code == 0, result.stderr
    assert sim("report", out).exit_code == 0


@pytest.mark.parametrize(("currency", "price"), [("EUR", "€24.90"), ("CHF", "CHF 24.90")])
def test_a_price_is_written_as_everywhere_else(
    currency: str, price: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/products.md says; and a price too high is one in no currency of its own."""
    monkeypatch.chdir(tmp_path)
    rows = (f"1,Lamp,Home,24.90 {currency}", f"2,Castle,Home,2000000 {currency}")
    Path("shop.csv").write_text("\n".join(("id,title,category,price", *rows)))
    said = sim("catalog", "shop.csv").stdout
    assert f"price      {price}\n" in said
    assert "1 with a price of zero or less, or of a million or more\n" in said
