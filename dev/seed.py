"""`python -m dev seed`: example organisations, in a database that is up to date."""

from dev import manage, migrations, stack


def main(arguments: list[str]) -> int:
    with stack.environment("seed", migrations.bring_up_to_date) as environment:
        return manage.run(["seed", *arguments], environment)
