"""Notes, checkpoints, tiles and proofs as C2SP writes them, and what is refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.log.checkpoints import Checkpoint, add_signatures, open_checkpoint, parse_checkpoint
from provenance.log.errors import LogFormatError, ProofError
from provenance.log.merkle import EMPTY_ROOT, Node, cover, leaf_hash, root_of
from provenance.log.notes import Signer, cosign, parse_note, parse_vkey
from provenance.log.proofs import LogProof, parse_proof
from provenance.log.tiles import (
    WIDTH,
    Edge,
    Tile,
    pack_entries,
    parse_path,
    partial_tiles,
    read_node,
    shorten,
    tile_at,
    unpack_entries,
)

# c2sp.org/signed-note's own example.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SIGNER = Signer("huajian.example/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = Signer("huajian.example/log", Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1"))
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\2")
CHECKPOINT = Checkpoint("huajian.example/log", 0, EMPTY_ROOT)


def cosigned(signed: str, seconds: int = 1_800_000_000) -> str:
    public = WITNESS.public_key().public_bytes_raw()
    line = cosign(parse_note(signed).text, seconds, "witness.example", WITNESS.sign, public)
    return add_signatures(signed, [line])


class TestNotes:
    def test_a_key_is_written_as_everybody_writes_it(self) -> None:
        assert parse_vkey(VKEY).vkey == VKEY
        assert parse_vkey(SIGNER.verifier.vkey) == SIGNER.verifier

    @pytest.mark.parametrize(
        "vkey", [VKEY.replace("530d903a", "530d903b"), VKEY[:-1], "no key", "", VKEY.replace("A", "B", 1)]
    )
    def test_a_key_that_contradicts_itself_is_refused(self, vkey: str) -> None:
        with pytest.raises(LogFormatError):
            parse_vkey(vkey)

    def test_other_signatures_do_not_matter(self) -> None:
        note = parse_note(OTHER.sign("words\n") + SIGNER.sign("words\n").split("\n\n")[1])
        note.require(SIGNER.verifier)
        note.require(OTHER.verifier)

    def test_a_changed_text_is_not_signed(self) -> None:
        note = parse_note(SIGNER.sign("words\n").replace("words", "wordz"))
        with pytest.raises(ProofError):
            note.require(SIGNER.verifier)

    def test_a_signature_by_another_key_of_that_name_does_not_count(self) -> None:
        with pytest.raises(ProofError):
            parse_note(OTHER.sign("words\n")).require(SIGNER.verifier)

    @pytest.mark.parametrize(
        "note",
        ["", "words\n", "words\n\n", "words\n\n— name\n", "words\n\n— name !!!!\n", "a\tb\n\n— n AAAAAAAA\n"],
    )
    def test_what_is_no_note_is_refused(self, note: str) -> None:
        with pytest.raises(LogFormatError):
            parse_note(note)


class TestCheckpoints:
    def test_it_is_signed_as_three_lines(self) -> None:
        signed = SIGNER.sign(CHECKPOINT.text)
        assert signed.startswith("huajian.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— ")
        assert open_checkpoint(signed, SIGNER.verifier) == CHECKPOINT

    def test_a_witness_signs_the_time_too(self) -> None:
        signed = cosigned(SIGNER.sign(CHECKPOINT.text))
        line = signed.splitlines()[-1]
        (witness,) = [one for one in parse_note(signed).signatures if one.name == "witness.example"]
        assert witness.line == line
        verifier = parse_vkey(
            Signer("witness.example", WITNESS).verifier.vkey
        )  # of the kind that signs plainly
        with pytest.raises(ProofError):
            open_checkpoint(signed, SIGNER.verifier, [verifier])

    @pytest.mark.parametrize(
        ("old", "new"),
        [("\n0\n", "\n00\n"), ("\n0\n", "\n-1\n"), ("47DEQ", "47DE"), ("huajian.example/log\n", "\n")],
    )
    def test_what_is_no_checkpoint_is_refused(self, old: str, new: str) -> None:
        with pytest.raises(LogFormatError):
            parse_checkpoint(SIGNER.sign(CHECKPOINT.text.replace(old, new, 1)))


class TestTiles:
    @pytest.mark.parametrize(
        ("tile", "path"),
        [
            (Tile(0, 0), "0/000"),
            (Tile(0, 1_234_067), "0/x001/x234/067"),
            (Tile(1, 5, 8), "1/005.p/8"),
            (Tile(None, 999), "entries/999"),
            (Tile(None, 1000, 255), "entries/x001/000.p/255"),
        ],
    )
    def test_paths_are_the_published_ones(self, tile: Tile, path: str) -> None:
        assert tile.path == path
        assert parse_path(path) == tile

    @pytest.mark.parametrize(
        "path",
        ["0/0", "0/x000/001", "0/001.p/256", "0/001.p/0", "6/000", "0/001.p/", "../secret", "0/001/", "x"],
    )
    def test_other_paths_are_no_tiles(self, path: str) -> None:
        with pytest.raises(LogFormatError):
            parse_path(path)

    def test_bundles_are_read_as_they_were_written(self) -> None:
        entries = [b"", b"one", bytes(65_535)]
        assert unpack_entries(pack_entries(entries)) == entries
        for broken in (b"", b"\0", b"\0\5ab", pack_entries(entries)[:-1], b"\0\0" * 257):
            with pytest.raises(LogFormatError):
                unpack_entries(broken)

    @pytest.mark.parametrize("steps", [[1, 2, 300], [256, 512, 65_536], [70_000], [255, 257, 66_000]])
    def test_an_edge_that_is_put_away_and_taken_up_again_makes_the_same_tiles(self, steps: list[int]) -> None:
        leaves = [leaf_hash(str(number).encode()) for number in range(steps[-1])]
        once: dict[str, bytes] = {}
        whole = Edge()
        once |= {tile.path: content for tile, content in whole.add(leaves)}
        stored: dict[str, bytes] = {}
        size, kept = 0, b""
        for step in steps:
            edge = Edge(size, kept)
            stored |= {tile.path: content for tile, content in edge.add(leaves[size // WIDTH * WIDTH : step])}
            assert edge.root() == root_of(leaves[:step])
            for tile in partial_tiles(step):
                assert tile.level is None or stored[tile.path]
            size, kept = step, edge.to_bytes()
        assert {path: stored[path] for path in once} == once
        assert kept == whole.to_bytes()
        for node in cover(0, size):
            tile = tile_at(node, size)
            assert len(read_node(node, stored[tile.path])) == 32

    def test_an_edge_of_another_size_is_refused(self) -> None:
        with pytest.raises(LogFormatError):
            Edge(512, bytes(32))

    def test_a_wider_tile_gives_a_narrower_one(self) -> None:
        assert shorten(Tile(0, 0, 2), bytes(96)) == bytes(64)
        assert shorten(Tile(None, 0, 1), pack_entries([b"a", b"b"])) == pack_entries([b"a"])
        with pytest.raises(LogFormatError):
            shorten(Tile(0, 0, 4), bytes(96))

    def test_the_tile_of_a_node_knows_how_full_it_is(self) -> None:
        assert tile_at(Node(0, 300), 310) == Tile(0, 1, 54)
        assert tile_at(Node(8, 1), 65_536) == Tile(1, 0, 256)
        assert tile_at(Node(7, 3), 600) == Tile(0, 1, 256)


class TestProofFiles:
    PROOF = LogProof(0, [EMPTY_ROOT], SIGNER.sign(CHECKPOINT.text))

    def test_it_is_read_as_it_was_written(self) -> None:
        assert parse_proof(self.PROOF.to_text()) == self.PROOF
        text = self.PROOF.to_text()
        assert text.startswith("c2sp.org/tlog-proof@v1\nindex 0\n")

    def test_other_peoples_extra_line_is_passed_over(self) -> None:
        text = self.PROOF.to_text().replace("index 0", "extra QUJD\nindex 0")
        assert parse_proof(text) == self.PROOF

    @pytest.mark.parametrize(
        "text", ["", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nindex 01\n\nx", "x" * 70_000]
    )
    def test_what_is_no_proof_is_refused(self, text: str) -> None:
        with pytest.raises(LogFormatError):
            parse_proof(text)
