"""Tells mypy what our middleware hangs on every request: `actor` (access) and `htmx` (django-htmx)."""

from collections.abc import Callable

from mypy.checker import TypeChecker
from mypy.nodes import GDEF, MDEF, SymbolTableNode, TypeInfo, Var
from mypy.plugin import AttributeContext, ClassDefContext, Plugin
from mypy.types import AnyType, Instance, Type, TypeOfAny

REQUESTS = {"django.http.request.HttpRequest", "rest_framework.request.Request"}
ATTRIBUTES = {
    "actor": "performance.foundation.access.Actor",
    "htmx": "django_htmx.middleware.HtmxDetails",
}


def _declare(context: ClassDefContext) -> None:
    """The attributes exist; what they are is known only when all modules are."""
    for name in ATTRIBUTES:
        if name not in context.cls.info.names:
            variable = Var(name, AnyType(TypeOfAny.explicit))
            variable.info = context.cls.info
            variable._fullname = f"{context.cls.info.fullname}.{name}"
            context.cls.info.names[name] = SymbolTableNode(MDEF, variable, plugin_generated=True)


def _resolve(name: str) -> Callable[[AttributeContext], Type]:
    def hook(context: AttributeContext) -> Type:
        module, _dot, class_name = ATTRIBUTES[name].rpartition(".")
        checker = context.api
        if isinstance(checker, TypeChecker) and module in checker.modules:
            found = checker.modules[module].names.get(class_name)
            if found is not None and found.kind == GDEF and isinstance(found.node, TypeInfo):
                return Instance(found.node, [])
        return context.default_attr_type

    return hook


class Requests(Plugin):
    def get_customize_class_mro_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        return _declare if fullname in REQUESTS else None

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        owner, _dot, name = fullname.rpartition(".")
        return _resolve(name) if owner in REQUESTS and name in ATTRIBUTES else None


def plugin(version: str) -> type[Plugin]:
    return Requests
