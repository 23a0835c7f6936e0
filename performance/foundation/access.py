"""Who may enter. Every view declares its access; the middleware refuses one that does not.

What you may see is a queryset (`get_or_404`), what you may do is a predicate (`require`).
"""

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.module_loading import import_string

from performance.foundation import tenancy

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_KEY = "organisation"
#: What names the organisation in the address of a link.
CHOSEN = "organisation"
Row = TypeVar("Row", bound=models.Model)
Level = Literal["public", "signed_in", "member"]


@dataclass(frozen=True)
class Actor:
    """Somebody acting in one organisation. `roles` are granted ones; "manager" follows from reporting lines. `memory`
    keeps what was looked up about them, for as long as they act: one request or call."""

    user: Any
    organisation: Any
    person: Any
    roles: frozenset[str] = field(default_factory=frozenset)
    memory: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def person_id(self) -> uuid.UUID:
        return self.person.pk

    def has_role(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    @property
    def only_reads(self) -> bool:
        """An auditor reads everything and writes nothing."""
        return "auditor" in self.roles


@dataclass(frozen=True)
class Access:
    """What a view or endpoint asks of whoever enters. `writes`: a page that is there for writing alone; whoever only
    reads does not open it."""

    level: Level
    roles: frozenset[str] = frozenset()
    auditor_may_write: bool = False
    writes: bool = False

    def admits(self, actor: Actor, method: str) -> bool:
        if self.writes and actor.only_reads:
            return False
        if self.roles and not actor.has_role(*self.roles) and not self._is_reading_auditor(actor, method):
            return False
        return method in SAFE_METHODS or self.auditor_may_write or not actor.only_reads

    @staticmethod
    def _is_reading_auditor(actor: Actor, method: str) -> bool:
        return actor.only_reads and method in SAFE_METHODS


View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """Anybody, also without signing in."""
    return _declared(view, Access("public"))


def signed_in(view: View) -> View:
    """A signed-in user, whichever organisation."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        return view(request, *args, **kwargs)

    return _declared(guarded, Access("signed_in"))


def member(view: View | None = None, *, auditor_may_write: bool = False, writes: bool = False) -> Any:
    """A person of the active organisation. The view runs inside `acting_for`, in one transaction."""
    if view is None:
        return functools.partial(member, auditor_may_write=auditor_may_write, writes=writes)
    return _inside_organisation(view, Access("member", auditor_may_write=auditor_may_write, writes=writes))


def role(*roles: str, writes: bool = False) -> Callable[[View], View]:
    """A member with one of the roles. Auditors enter too, to read, where the page is not there for writing alone."""

    def decorate(view: View) -> View:
        return _inside_organisation(view, Access("member", frozenset(roles), writes=writes))

    return decorate


def _inside_organisation(view: View, access: Access) -> View:
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        organisation_id = active_organisation_id(request)
        if organisation_id is None:
            return redirect("people:no_organisation")
        with tenancy.acting_for(organisation_id):
            actor = enter(request, organisation_id)
            if actor is None:
                raise PermissionDenied
            require(access.admits(actor, request.method or "GET"))
            with timezone.override(actor.organisation.time_zone):
                return _rendered(view(request, *args, **kwargs))

    return _declared(guarded, access)


def enter(request: Any, organisation_id: uuid.UUID) -> Actor | None:
    """Loads who acts and hangs it on the request. To be called inside `acting_for`."""
    load_actor = import_string(settings.ACTOR_LOADER)
    actor = load_actor(user=request.user, organisation_id=organisation_id)
    request.actor = actor
    return actor


def inside(organisation_id: uuid.UUID, address: str) -> str:
    """An address that leads into this organisation whichever one its reader was in last."""
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query), (CHOSEN, str(organisation_id))])
    return urlunsplit(parts._replace(query=query))


def active_organisation_id(request: HttpRequest) -> uuid.UUID | None:
    """The organisation of this session: the one that a link leads into or the chosen one, while still a member, else
    the first."""
    memberships = import_string(settings.MEMBERSHIPS)(request.user)
    if not memberships:
        return None
    chosen = request.session.get(SESSION_KEY)
    by_id = {str(organisation.pk): organisation for organisation in memberships}
    asked = request.GET.get(CHOSEN) if request.method == "GET" else None
    if asked in by_id and asked != chosen:
        chosen = choose_organisation(request, asked)
    organisation = by_id.get(str(chosen)) or memberships[0]
    request.organisations = memberships  # type: ignore[attr-defined]
    return organisation.pk


def choose_organisation(request: HttpRequest, organisation_id: str) -> str:
    """Makes an organisation of this account the session's. Forms that stand open elsewhere were made in the other one:
    their token ends here, so that none of them is written into this one."""
    request.session[SESSION_KEY] = organisation_id
    rotate_token(request)
    return organisation_id


def _rendered(response: HttpResponse) -> HttpResponse:
    """Lazy template responses are rendered while the organisation is still known."""
    render = getattr(response, "render", None)
    if callable(render) and not getattr(response, "is_rendered", True):
        return render()
    return response


def _declared(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back; a fragment sends the whole page there, and back to the page it stands on."""
    if request.headers.get("HX-Request"):
        page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
        response = HttpResponse(status=204)
        response["HX-Redirect"] = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': page})}"
        return response
    return redirect_to_login(request.get_full_path())


def declared_access(view: Any) -> Access | None:
    """The declaration of a resolved view: its own, its class's, or the installation's for third-party code."""
    for candidate in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        access = getattr(candidate, "access", None)
        if isinstance(access, Access):
            return access
    module = getattr(getattr(view, "view_class", view), "__module__", "")
    for prefix, level in settings.ACCESS_OF_THIRD_PARTIES.items():
        if module == prefix or module.startswith(prefix + "."):
            return Access(level)
    return None


def get_or_404(queryset: models.QuerySet[Row], **lookup: Any) -> Row:
    """One row of what the actor may see; anything else does not exist for them."""
    try:
        return queryset.get(**lookup)
    except (ObjectDoesNotExist, ValidationError, ValueError) as error:
        raise Http404 from error


def require(allowed: bool, why: Any = "") -> None:
    """403 unless the rule says yes. `why` is a translated sentence that says to whom it is open instead."""
    if not allowed:
        raise PermissionDenied(str(why))
