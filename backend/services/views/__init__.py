"""Views: results of the services in the form that REST returns."""
