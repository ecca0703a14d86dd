"""Lists come in cursor pages: stable while rows are added, and as fast on the last page as on the first."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """``{next, previous, results}``; ``?page_size=`` up to 200. The id breaks ties, so no row is seen twice."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = ("-id",)
