"""The API. Imported by the api-server alone."""
