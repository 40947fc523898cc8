"""What the score looks at: counts, times and yes or no. No hash, address or person gets this far."""

from typing import NamedTuple

from referral.risk.agents import AgentKind


class HelpSignals(NamedTuple):
    """One help. "Others" are other helpers of the same owner in the last 30 days.

    is_own_device, is_own_mailbox: the owner was seen on the helper's device, or shares a mailbox with them.
    others_on_device, others_with_mailbox: who had the same device or mailbox.
    accounts_on_device: everybody else seen on the device, whomever they helped.
    others_at_place: same address (or /56) and same User-Agent to the letter.
    new_at_address, new_alike: new helpers of anybody, in the last hour: from the address, and from the
        network with the same User-Agent. helps_today, helps_for_owner: in a day, in five minutes.
    new_helps: of this helper as somebody new, in a day.
    has_windows: False when Redis could not be asked, so that these seven are unknown.
    is_datacentre: of the address.
    tap_seconds: from the page to the tap. sign_up_seconds: from the page to a new helper's account.
    pairs_at_place, pairs_at_address: helps of new people for owners who were seen at the very same place, or
        address, in a day, whoever they are. Such a pair is a family; a hundred of them are a farm.
    is_reciprocal: the owner helped the helper. rings: ways from the owner back to the helper over one or
        two more people.
    leaves, idle_leaves: earlier new helpers, at least a day old, and those who made nothing.
    shared_owners: the most other owners whom both this helper and one of the others helped.
    circles: links of others in whose circle (owner and helpers) three or more of this link's circle are.
    owner_devices: on which the owner was seen. owner_networks: likewise.
    account_days: age of the helper's account. works: that they finished, counted up to three.
    is_verified: has a proved contact; is_disposable: on a domain for throwing away.
    """

    is_new: bool = True
    agent: AgentKind = AgentKind.BROWSER
    is_datacentre: bool = False
    is_own_device: bool = False
    is_own_mailbox: bool = False
    others_on_device: int = 0
    others_with_mailbox: int = 0
    accounts_on_device: int = 0
    has_device: bool = True
    is_owner_place: bool = False
    others_at_place: int = 0
    has_windows: bool = True
    new_at_address: int = 0
    new_alike: int = 0
    helps_today: int = 0
    helps_for_owner: int = 0
    new_helps: int = 0
    pairs_at_place: int = 0
    pairs_at_address: int = 0
    tap_seconds: float = 30.0
    sign_up_seconds: float | None = None
    is_reciprocal: bool = False
    rings: int = 0
    leaves: int = 0
    idle_leaves: int = 0
    shared_owners: int = 0
    circles: int = 0
    owner_devices: int = 1
    owner_networks: int = 1
    account_days: float = 0.0
    works: int = 0
    is_verified: bool = False
    is_disposable: bool = False
