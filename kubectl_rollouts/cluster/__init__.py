"""The API server: configuration, credentials, requests, watches. It knows no resource by name."""
