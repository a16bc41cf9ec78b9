"""What a developer runs: servers, tests, checks, mail catcher; never part of the service itself."""
