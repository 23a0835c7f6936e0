"""Templates: their versions, and those that a cycle can be opened with."""

from django.db.models import Count, Prefetch, QuerySet

from performance.appraisals.models import ReviewTemplate, TemplateVersion


def templates_seen() -> QuerySet[ReviewTemplate]:
    """With their versions, the latest first, and in how many cycles each is."""
    versions = TemplateVersion.objects.annotate(used=Count("cycles")).select_related("published_by")
    return ReviewTemplate.objects.prefetch_related(Prefetch("versions", versions.order_by("-number")))


def version_seen() -> QuerySet[TemplateVersion]:
    return TemplateVersion.objects.select_related("template", "published_by", "made_by").prefetch_related(
        "sections"
    )


def published_versions() -> QuerySet[TemplateVersion]:
    """The latest published version of each template that is in use."""
    found = TemplateVersion.objects.filter(state="published", template__retired_at=None)
    latest = found.order_by("template_id", "-number").distinct("template_id").values("pk")
    return (
        TemplateVersion.objects.filter(pk__in=latest)
        .select_related("template")
        .order_by("template__name_en", "pk")
    )
