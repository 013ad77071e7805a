"""A failed row keeps every fault, not the first one only."""

from world import contacts_csv

from importer.control import retries


def test_every_fault_of_a_row_is_kept_and_a_single_one_once(world):
    import_id = world.import_file("email,name,signup_date\nnonsense,,31.31.2024\na@example.com,,\n")
    rows = world.failed_rows(import_id)
    assert [(field, code) for field, code, _ in rows[1].faults] == [
        ("signup_date", "impossible_date"),
        ("email", "invalid_email"),
        ("name", "missing_value"),
    ]
    assert (rows[1].column_name, rows[1].code) == ("signup_date", "impossible_date")
    assert rows[2].faults is None


def test_a_row_that_fails_again_keeps_the_faults_that_it_has_now(world):
    import_id = world.import_file(contacts_csv([("nonsense", "")]))
    world.execute('UPDATE failed_rows SET cells = \'["nonsense", "Ann"]\'')
    world.verb(retries.retry, import_id)
    world.run()
    row = world.failed_rows(import_id)[1]
    assert (row.faults, row.code) == (None, "invalid_email")
