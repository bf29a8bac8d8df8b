"""The room's rules over any history of joins, drops and leaves."""

from hypothesis import given
from hypothesis import strategies as st

from toubib_video_webrtc.room import Denied, Joined, Member, Room, offers

MEMBERS = [Member("anne", "patient"), Member("lemaire", "practitioner"), Member("paul", "guest")]
EMPTY = Room("s1", 2)


def joined(room: Room, member: Member, page: str = "p", connection: str = "c") -> Joined:
    result = room.join(member, page, connection)
    assert isinstance(result, Joined)
    return result


def test_two_sit_a_third_does_not() -> None:
    room = joined(joined(EMPTY, MEMBERS[0], connection="1").room, MEMBERS[1], connection="2").room
    assert room.join(MEMBERS[2], "p", "3") is Denied.FULL


def test_a_member_comes_back_to_their_own_seat_and_the_older_socket_is_named() -> None:
    room = joined(joined(EMPTY, MEMBERS[0], connection="1").room, MEMBERS[1], connection="2").room
    again = joined(room, MEMBERS[0], page="q", connection="3")
    assert (again.seat.number, again.replaced) == (0, "1")
    assert len(again.room.seats) == 2


def test_a_lost_socket_keeps_the_seat_a_hang_up_frees_it() -> None:
    room = joined(joined(EMPTY, MEMBERS[0], connection="1").room, MEMBERS[1], connection="2").room
    assert room.drop("1").join(MEMBERS[2], "p", "3") is Denied.FULL
    assert isinstance(room.leave("anne").join(MEMBERS[2], "p", "3"), Joined)


def test_the_goodbye_of_a_replaced_socket_changes_nothing() -> None:
    room = joined(joined(EMPTY, MEMBERS[0], connection="1").room, MEMBERS[0], connection="2").room
    assert room.drop("1") == room


def test_nobody_enters_a_closed_room() -> None:
    assert EMPTY.close().join(MEMBERS[0], "p", "1") is Denied.CLOSED


STEPS = st.lists(st.tuples(st.sampled_from(["join", "drop", "leave"]), st.sampled_from(MEMBERS), st.integers(0, 5)), max_size=60)


@given(steps=STEPS, capacity=st.integers(1, 3))
def test_in_any_history_seats_are_few_unique_and_one_of_two_offers(steps: list[tuple[str, Member, int]], capacity: int) -> None:
    room = Room("s1", capacity)
    for verb, member, n in steps:
        if verb == "join":
            result = room.join(member, "p", str(n))
            room = result.room if isinstance(result, Joined) else room
        else:
            room = room.drop(str(n)) if verb == "drop" else room.leave(member.id)
        assert len(room.seats) <= capacity
        assert len({s.number for s in room.seats}) == len({s.member.id for s in room.seats}) == len(room.seats)
        assert all(offers(a, b) != offers(b, a) for a in room.seats for b in room.seats if a is not b)
