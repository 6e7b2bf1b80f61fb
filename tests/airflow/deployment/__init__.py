"""A whole Airflow with the host in it, made for one test run and gone after it."""
