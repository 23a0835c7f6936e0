"""Secrets at rest: any key opens, the newest seals, and a seal belongs to its row."""

import pytest

from performance.foundation import sealing

OLD, NEW = "old-key-" * 5, "new-key-" * 5


def test_credentials_open_with_any_key_and_rotate_to_the_newest() -> None:
    sealed = sealing.seal({"password": "s3cret"}, owner="a", keys=[OLD])
    assert "s3cret" not in sealed
    rotated = sealing.rotate(sealed, keys=[NEW, OLD])
    assert sealing.unseal(rotated, owner="a", keys=[NEW]) == {"password": "s3cret"}
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(sealed, owner="a", keys=[NEW])


def test_credentials_copied_to_another_row_do_not_open() -> None:
    sealed = sealing.seal({"password": "s3cret"}, owner="a", keys=[OLD])
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(sealed, owner="b", keys=[OLD])


@pytest.mark.parametrize("keys", [[], ["short"]])
def test_weak_or_missing_keys_are_an_error(keys: list[str]) -> None:
    with pytest.raises(ValueError):
        sealing.seal({}, owner="a", keys=keys)
