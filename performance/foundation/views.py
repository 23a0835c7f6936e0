"""Pages of the frame itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from performance.foundation import access


@access.public
def component_gallery(request: HttpRequest) -> HttpResponse:
    """Each component with its states; served in development only."""
    return render(request, "dev/components.html", {"nav": ""})
