"""One release on a live cluster: fetching, following, acting, waiting."""
