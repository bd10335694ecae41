"""The door of a route: which scope its callers' keys must have, and the audit of who came in where people's talk may be read.

Knows callers and routes; who shows which key was told before (`serving.turnstile`).
"""

from __future__ import annotations

from fastapi import Depends, HTTPException, Request, params
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from resay.store.audit import ALLOWED, REFUSED, Deed
from resay.store.keys import Scope
from serving.keyring import Caller
from serving.service import Service
from serving.sessions import session_caller, session_secret

NEVER_NAMED = frozenset({"customer_id"})
"""Parts of a path that the audit leaves out: it outlives a customer who is deleted."""

WHICH_CHARS_MAX = 200
"""Of what was asked for; ids of ours are shorter."""

_SHOWN_KEY = HTTPBearer(
    auto_error=False, description="A key of `resay keys add`, or the one in RESAY_API_KEY or file `api_key` of the home."
)


def needs(service: Service, scope: Scope) -> params.Depends:
    """A dependency of routers: only keys with this scope. All but the assistant's own requests is written down, refused or not."""

    async def check(request: Request, _shown: HTTPAuthorizationCredentials | None = Depends(_SHOWN_KEY)) -> None:
        caller: Caller = request.state.caller
        is_open = caller.may(scope)
        if scope is not Scope.SERVE:
            await _note(service, request, Deed(service.clock(), caller.name, caller.key_id, "", outcome=ALLOWED if is_open else REFUSED))
        if not is_open:
            service.metrics.refused("scope")
            raise HTTPException(403, _fault(caller, scope))

    return params.Security(check, scopes=[scope])


def page_audit(service: Service) -> params.Depends:
    """A dependency of pages: whose session it is is looked up, and what is shown in it, or changed from there, is written down first."""

    async def note(request: Request) -> None:
        if request.url.path.startswith("/assets/"):
            return
        # Once, before anything asks who it is: a session may have been opened at another replica.
        if not service.sessions.remembers(secret := session_secret(request)):
            await run_in_threadpool(service.sessions.look_up, secret)
        caller = session_caller(service, request)
        if caller is not None:
            await _note(service, request, Deed(service.clock(), caller.name, caller.key_id, ""))

    return params.Depends(note)


async def _note(service: Service, request: Request, deed: Deed) -> None:
    """Write a request down; where that cannot be done it is not answered.

    Raises: BooksUnavailable.
    """
    which = " ".join(value for name, value in request.path_params.items() if name not in NEVER_NAMED)[:WHICH_CHARS_MAX]
    what = f"{request.method} {request.scope['route'].path}"
    printable = "".join(each if each.isprintable() else "?" for each in which)
    written = Deed(deed.at, deed.who, deed.key_id, what, printable, deed.outcome)
    await run_in_threadpool(service.audit.write, written)


def _fault(caller: Caller, scope: Scope) -> str:
    has = ", ".join(sorted(caller.scopes)) or "none"
    return f"key {caller.name!r} must have scope {scope}; it has {has}; was another key meant?"
