"""Korean dates: AM or PM stands before the hour."""

DATETIME_FORMAT = "Y년 n월 j일 A g:i"
