"""One Redis subscription per process, shared by all who wait for a channel to speak."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

log = structlog.get_logger()

RECONNECT_SECONDS: Final = 0.5


class EventHub:
    """`listen` gives an asyncio.Event that is set whenever the channel speaks, or may have spoken."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._changed = asyncio.Event()

    @contextlib.contextmanager
    def listen(self, channel: str) -> Iterator[asyncio.Event]:
        """Hear one channel while the block runs. Set at first, so that the caller looks once."""
        heard = asyncio.Event()
        heard.set()
        self._listeners[channel].add(heard)
        self._changed.set()
        try:
            yield heard
        finally:
            self._listeners[channel].discard(heard)
            if not self._listeners[channel]:
                del self._listeners[channel]
            self._changed.set()

    async def run(self) -> None:
        """Follow the wanted channels until cancelled; reconnect for ever."""
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await self._follow(subscription)
            except (RedisError, OSError) as error:
                log.warning("event_hub.reconnect", error=repr(error))
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _follow(self, subscription: PubSub) -> None:
        subscribed: set[str] = set()
        while True:
            self._changed.clear()
            wanted = set(self._listeners)
            if new := wanted - subscribed:
                await subscription.subscribe(*new)
                self._rouse(new)  # something may have been said before we were heard
            if old := subscribed - wanted:
                await subscription.unsubscribe(*old)
            subscribed = wanted
            if not subscribed:
                await self._changed.wait()
                continue
            message = await subscription.get_message(ignore_subscribe_messages=True, timeout=0.1)
            while message is not None:
                self._rouse({message["channel"]})
                message = await subscription.get_message(ignore_subscribe_messages=True, timeout=0)

    def _rouse(self, channels: set[str]) -> None:
        for channel in channels:
            for heard in self._listeners.get(channel, ()):
                heard.set()
