"""Stripe's API as far as we use it: strict about what it is sent, and mindful of idempotency keys."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from service.rehearsal.bank import Bank, RefusedError
from service.rehearsal.biller import OVER, Biller
from service.rehearsal.objects import MissingObjectError, Object, Objects
from service.rehearsal.parameters import CREATED, KINDS, PATH, PREVIEWED, REQUIRED, UPDATED

PAGE: Final = "/test-payment"
PORTAL: Final = "/test-portal"
ONLY_PAYMENT: Final = frozenset({"payment_intent_data"})
ONLY_SUBSCRIPTION: Final = frozenset({"subscription_data", "discounts"})
ANSWER_LIMIT: Final = 100
FILTERS: Final = ("product", "payment_intent", "invoice", "status")
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Object


class BadRequestError(Exception):
    """`code` is Stripe's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Api:
    """One request at a time, each whole: what is refused leaves nothing behind."""

    def __init__(self, objects: Objects, bank: Bank, biller: Biller) -> None:
        self._objects = objects
        self._bank = bank
        self._biller = biller
        self._answered: dict[str, tuple[str, Reply]] = {}
        self._create: Mapping[str, Callable[[Params], Object]] = {
            "product": self._create_product,
            "price": self._create_price,
            "checkout.session": self._create_session,
            "refund": self._create_refund,
            "coupon": self._create_coupon,
            "billing_portal.session": self._create_portal,
        }

    def answer(self, method: str, path: str, params: Params, idempotency_key: str | None) -> Reply:
        """Answer as Stripe would; an idempotency key repeats the first answer, or refuses other params."""
        with self._objects.lock:
            if method != "POST" or idempotency_key is None:
                return self._act(method, path, params)
            asked = json.dumps([path, params], sort_keys=True)
            if idempotency_key in self._answered:
                first, reply = self._answered[idempotency_key]
                return reply if first == asked else _refuse(400, "idempotency_error", "Keys are for one use")
            reply = self._act(method, path, params)
            if reply.status < 500:
                self._answered[idempotency_key] = (asked, reply)
            return reply

    def _act(self, method: str, path: str, params: Params) -> Reply:
        try:
            body = self._route(method, path, dict(params))
        except MissingObjectError as error:
            return _refuse(404, "resource_missing", str(error))
        except BadRequestError as error:
            return _refuse(400, error.code, str(error))
        except RefusedError as error:
            return _refuse(400, error.code, str(error))
        if method != "GET":
            self._objects.save()
        return Reply(200, body)

    def _route(self, method: str, path: str, params: dict[str, Any]) -> Object:
        if (method, path) == ("GET", "/v1/balance"):
            amounts = self._objects.balance().items()
            available = [{"currency": currency, "amount": amount} for currency, amount in amounts]
            return {"object": "balance", "available": available, "pending": [], "livemode": False}
        if (method, path) == ("POST", "/v1/invoices/create_preview"):
            return self._preview(params)
        match = PATH.match(path)
        if match is None:
            raise MissingObjectError(f"Unrecognized request URL ({method}: {path})")
        kind, object_id, verb = KINDS[match[1]], match[2], match[3]
        expand = params.pop("expand", [])
        if verb is not None:
            return _public(self._bank.expire(object_id))
        if method == "DELETE":
            if kind != "subscription" or object_id is None:
                raise MissingObjectError(f"Unrecognized request URL (DELETE: {path})")
            return _public(self._biller.cancel(object_id))
        if method == "GET":
            return self._read(kind, object_id, params, expand)
        changed = self._update(kind, object_id, params) if object_id else self._make(kind, params)
        return self._objects.expand(_public(changed), expand)

    def _read(self, kind: str, object_id: str | None, params: Params, expand: list[str]) -> Object:
        if object_id is not None:
            found = self._objects.expand(_public(self._objects.get(kind, object_id)), expand)
            if kind == "invoice" and "payments" in expand:
                found["payments"] = self._list("invoice_payment", {"invoice": object_id}, [])
            return found
        return self._list(kind, params, [path.removeprefix("data.") for path in expand])

    def _list(self, kind: str, params: Params, expand: list[str]) -> Object:
        since = int((params.get("created") or {}).get("gte", 0))
        found = [one for one in self._objects.created_since(kind, since) if _fits(one, params)]
        if "starting_after" in params:
            ids = [one["id"] for one in found]
            if params["starting_after"] not in ids:
                raise MissingObjectError(f"No such {kind}: '{params['starting_after']}'")
            found = found[ids.index(params["starting_after"]) + 1 :]
        limit = min(int(params.get("limit", 10)), ANSWER_LIMIT)
        data = [self._objects.expand(_public(one), expand) for one in found[:limit]]
        return {"object": "list", "data": data, "has_more": len(found) > limit, "url": "/v1"}

    def _make(self, kind: str, params: Params) -> Object:
        if kind not in CREATED:
            raise MissingObjectError(f"Unrecognized request URL (POST: {kind})")
        _require_known(params, CREATED[kind])
        missing = REQUIRED[kind] - set(params)
        if missing:
            raise BadRequestError("parameter_missing", f"Missing required param: {min(missing)}.")
        return self._create[kind](params)

    def _update(self, kind: str, object_id: str, params: Params) -> Object:
        if kind not in UPDATED:
            raise MissingObjectError(f"Unrecognized request URL (POST: {kind}/{object_id})")
        _require_known(params, UPDATED[kind])
        if kind == "subscription":
            return self._biller.change(object_id, params)
        found = self._objects.get(kind, object_id)
        found.update(params)
        found["active"] = _truth(found["active"])
        return found

    def _create_product(self, params: Params) -> Object:
        if params.get("id") in {product["id"] for product in self._objects.all("product")}:
            raise BadRequestError("resource_already_exists", "Product already exists.")
        fields = {"name": params["name"], "active": True, "metadata": {}}
        return self._objects.add("product", fields, object_id=params.get("id"))

    def _create_price(self, params: Params) -> Object:
        self._objects.get("product", params["product"])
        key = params.get("lookup_key")
        for price in self._objects.all("price"):
            if key is not None and price["lookup_key"] == key:
                if not _truth(params.get("transfer_lookup_key", "false")):
                    raise BadRequestError("resource_already_exists", "A price uses this lookup key.")
                price["lookup_key"] = None
        return self._objects.add(
            "price",
            {
                "product": params["product"],
                "currency": params["currency"],
                "unit_amount": _whole(params["unit_amount"]),
                "lookup_key": key,
                "active": True,
                "tax_behavior": params.get("tax_behavior", "unspecified"),
                "recurring": params.get("recurring"),
                "type": "recurring" if params.get("recurring") else "one_time",
                "metadata": {},
            },
        )

    def _create_coupon(self, params: Params) -> Object:
        if params.get("id") in {coupon["id"] for coupon in self._objects.all("coupon")}:
            raise BadRequestError("resource_already_exists", "Coupon already exists.")
        fields = {
            "name": params.get("name"),
            "duration": params["duration"],
            "amount_off": _whole(params["amount_off"]),
            "currency": params["currency"],
            "valid": True,
            "metadata": {},
            "_products": params["applies_to"]["products"],
        }
        return self._objects.add("coupon", fields, object_id=params.get("id"))

    def _create_portal(self, params: Params) -> Object:
        customer = self._objects.get("customer", params["customer"])
        opened = self._objects.add(
            "billing_portal.session",
            {"customer": customer["id"], "return_url": params["return_url"], "locale": params.get("locale")},
        )
        origin = urlsplit(params["return_url"])
        opened["url"] = f"{origin.scheme}://{origin.netloc}{PORTAL}/{opened['id']}"
        return opened

    def _preview(self, params: Params) -> Object:
        _require_known(params, PREVIEWED)
        details = params["subscription_details"]
        (item,) = details["items"]
        return self._biller.preview(params["subscription"], item["price"], int(details["proration_date"]))

    def _create_session(self, params: Params) -> Object:
        (line,) = params["line_items"]
        price = self._objects.get("price", line["price"])
        mode = "subscription" if price["recurring"] else "payment"
        if not price["active"] or params["mode"] != mode:
            raise BadRequestError("price_inactive", "This price cannot be bought so.")
        if set(params) & (ONLY_PAYMENT if mode == "subscription" else ONLY_SUBSCRIPTION):
            raise BadRequestError("parameter_invalid", f"Not with mode={mode}.")
        expires_at = _whole(params.get("expires_at", str(self._objects.now() + 86_400)))
        if not 1800 <= expires_at - self._objects.now() <= 86_400:
            raise BadRequestError("parameter_invalid", "expires_at must be 30 minutes to 24 hours from now.")
        amount = price["unit_amount"] * _whole(line["quantity"])
        off = self._off(params, price)
        data = params.get("subscription_data") or params.get("payment_intent_data") or {}
        session = self._objects.add(
            "checkout.session",
            {
                "mode": mode,
                "status": "open",
                "payment_status": "unpaid",
                "payment_intent": None,
                "subscription": None,
                "client_reference_id": params.get("client_reference_id"),
                "metadata": params.get("metadata", {}),
                "amount_subtotal": amount,
                "amount_total": amount - off,
                "total_details": {"amount_discount": off, "amount_shipping": 0, "amount_tax": 0},
                "currency": price["currency"],
                "expires_at": expires_at,
                "success_url": params["success_url"],
                "cancel_url": params.get("cancel_url"),
                "locale": params.get("locale"),
                "_payment_metadata": data.get("metadata", {}),
                "_product": self._objects.get("product", price["product"])["name"],
                "_price": price["id"],
                "_off": off,
            },
        )
        origin = urlsplit(params["success_url"])
        session["url"] = f"{origin.scheme}://{origin.netloc}{PAGE}/{session['id']}"
        return session

    def _off(self, params: Params, price: Object) -> int:
        """What the one coupon of a checkout takes off its first bill."""
        discounts = params.get("discounts", [])
        if not discounts:
            return 0
        (discount,) = discounts
        coupon = self._objects.get("coupon", discount["coupon"])
        if price["product"] not in coupon["_products"] or coupon["currency"] != price["currency"]:
            raise BadRequestError("coupon_not_applicable", "This coupon applies to something else.")
        return int(coupon["amount_off"])

    def _create_refund(self, params: Params) -> Object:
        amount = params.get("amount")
        return self._bank.refund(params["payment_intent"], None if amount is None else _whole(amount))


def _fits(found: Object, params: Params) -> bool:
    """Whether it passes the filters of a list."""
    keys = params.get("lookup_keys")
    if keys is not None and found.get("lookup_key") not in keys:
        return False
    if "payment" in params and found["payment"]["payment_intent"] != params["payment"]["payment_intent"]:
        return False
    if found["object"] == "subscription" and "status" not in params and found["status"] in OVER:
        return False
    if "subscription" in params and found.get("_subscription") != params["subscription"]:
        return False
    if "active" in params and found["active"] != _truth(params["active"]):
        return False
    return all(found.get(name) == params[name] for name in FILTERS if name in params)


def _require_known(params: Params, known: frozenset[str]) -> None:
    unknown = set(params) - known
    if unknown:
        raise BadRequestError("parameter_unknown", f"Received unknown parameter: {min(unknown)}")


def _whole(value: str) -> int:
    if not value.isascii() or not value.isdigit():
        raise BadRequestError("parameter_invalid_integer", f"Invalid integer: {value[:20]}")
    return int(value)


def _truth(value: str | bool) -> bool:
    return value in (True, "true", "True")


def _public(found: Object) -> Object:
    return {name: value for name, value in found.items() if not name.startswith("_")}


def _refuse(status: int, code: str, message: str) -> Reply:
    kind = "idempotency_error" if code == "idempotency_error" else "invalid_request_error"
    return Reply(status, {"error": {"type": kind, "code": code, "message": message}})
