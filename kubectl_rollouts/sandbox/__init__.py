"""The embedded cluster: a store, an API server, and controllers as pure reconcile functions."""
