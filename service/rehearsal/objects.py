"""The objects of a payment service that takes no money: by id, with movements that add up to a balance."""

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

Object = dict[str, Any]
Now = Callable[[], int]

# Where an id inside an object leads, when a reader asks to expand it.
PREFIXES: Final = {
    "product": "prod",
    "price": "price",
    "checkout.session": "cs_test",
    "payment_intent": "pi",
    "charge": "ch",
    "refund": "re",
    "dispute": "du",
    "radar.early_fraud_warning": "issfr",
    "balance_transaction": "txn",
    "event": "evt",
    "customer": "cus",
    "subscription": "sub",
    "invoice": "in",
    "invoice_payment": "inpay",
    "coupon": "coupon",
    "billing_portal.session": "bps",
}
EXPANDABLE: Final = {
    "product": "product",
    "payment_intent": "payment_intent",
    "latest_charge": "charge",
    "charge": "charge",
    "balance_transaction": "balance_transaction",
    "failure_balance_transaction": "balance_transaction",
}
WITHOUT_MODE: Final = frozenset({"refund", "balance_transaction"})
ID_BYTES: Final = 10


class MissingObjectError(Exception):
    """There is no object of that kind and id."""


class Objects:
    """Everything there is, behind one lock: the server answers from several threads.

    Args:
        now: seconds since the epoch.
        path: where everything is kept over a restart; None keeps it in memory only.
    """

    def __init__(self, now: Now, path: Path | None = None) -> None:
        self.now = now
        self.lock = threading.RLock()
        self._path = path
        self._kept: dict[str, dict[str, Object]] = {kind: {} for kind in PREFIXES}
        if path is not None and path.is_file():
            self._kept |= json.loads(path.read_text("utf-8"))

    def add(self, kind: str, fields: Mapping[str, Any], *, object_id: str | None = None) -> Object:
        """A new object; everything of a kind stays in the order in which it was made."""
        made = {
            "id": object_id or f"{PREFIXES[kind]}_{secrets.token_hex(ID_BYTES)}",
            "object": kind,
            "created": self.now(),
            **({} if kind in WITHOUT_MODE else {"livemode": False}),
            **fields,
        }
        self._kept[kind][made["id"]] = made
        return made

    def get(self, kind: str, object_id: str) -> Object:
        """The object itself, to be changed in place. Raises: MissingObjectError."""
        try:
            return self._kept[kind][object_id]
        except KeyError:
            raise MissingObjectError(f"No such {kind}: '{object_id}'") from None

    def all(self, kind: str) -> list[Object]:
        """Newest first, as Stripe lists."""
        return list(self._kept[kind].values())[::-1]

    def move(self, amount: int, fee: int, currency: str, source: str, label: str) -> Object:
        """Book a movement of the balance; negative takes."""
        return self.add(
            "balance_transaction",
            {
                "amount": amount,
                "fee": fee,
                "net": amount - fee,
                "currency": currency,
                "source": source,
                "type": label,
                "reporting_category": label,
                "status": "available",
                "available_on": self.now(),
                "exchange_rate": None,
                "fee_details": [],
            },
        )

    def balance(self) -> dict[str, int]:
        """What there is, by currency."""
        sums: dict[str, int] = {}
        for movement in self._kept["balance_transaction"].values():
            sums[movement["currency"]] = sums.get(movement["currency"], 0) + movement["net"]
        return sums

    def expand(self, found: Object, paths: list[str]) -> Object:
        """A copy in which the ids at those paths are replaced by what they name."""
        copy: Object = json.loads(json.dumps(found))
        for path in paths:
            self._expand_in(copy, path.split("."))
        return copy

    def _expand_in(self, owner: Any, path: list[str]) -> None:  # noqa: ANN401 - any JSON value
        if not path or not isinstance(owner, dict):
            return
        value = owner.get(path[0])
        if isinstance(value, str) and path[0] in EXPANDABLE:
            value = owner[path[0]] = self.expand(self.get(EXPANDABLE[path[0]], value), [])
        self._expand_in(value, path[1:])

    def dump(self) -> str:
        """Everything there is, for `restore`."""
        return json.dumps(self._kept)

    def restore(self, dumped: str) -> None:
        """Begin with what another had."""
        self._kept |= json.loads(dumped)

    def save(self) -> None:
        """Write everything down, whole or not at all."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(self._kept), "utf-8")
        beside.replace(self._path)

    def created_since(self, kind: str, since: int) -> Iterator[Object]:
        return (found for found in self.all(kind) if found["created"] >= since)
