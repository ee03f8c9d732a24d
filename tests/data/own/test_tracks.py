"""Positions and speeds with times: the same metres by every door, and none where nobody measured."""

from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.data import open_data
from acdepth.data.own.gps import gps_speeds
from acdepth.data.own.tracks import Track, track_from_fixes
from tests.data.folders import write_drive

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()


def drive(folder: Path, count: int = 24, start: float = NOON) -> Path:
    """Images at 12 a second from a moment on, without motion."""
    write_drive(folder, count)
    (folder / "motion.csv").unlink()
    write_text(folder / "times.txt", "".join(f"{start + number / 12:.6f}\n" for number in range(count)))
    return folder


def opened(folder: Path) -> tuple[Clip, list[str]]:
    """The one clip, and what was warned of."""
    told: list[str] = []
    (clip,) = open_data(folder, told.append)
    return clip, told


def gpx(points: list[tuple[float, float, float]], speed: float | None = None) -> str:
    """Of (seconds, latitude, longitude)."""
    extension = "" if speed is None else f"<extensions><t:speed>{speed}</t:speed></extensions>"
    told = "".join(
        f'<trkpt lat="{latitude:.9f}" lon="{longitude:.9f}"><ele>3</ele>'
        f"<time>{datetime.fromtimestamp(time, UTC).isoformat()}</time>{extension}</trkpt>"
        for time, latitude, longitude in points
    )
    head = '<gpx xmlns="http://www.topografix.com/GPX/1/1" xmlns:t="urn:t"><trk><trkseg>'
    return f"{head}{told}</trkseg></trk></gpx>"


def eastwards(speed: float, seconds: int = 6, start: float = NOON - 2) -> list[tuple[float, float, float]]:
    """A fix each second on the equator."""
    return [(start + second, 0.0, 9 + speed * second / 111_319.5) for second in range(seconds)]


def rows(line: str) -> str:
    """The line of each second, with its time, in nanoseconds too, and the metres driven."""
    seconds = range(-1, 4)
    return "".join(line.format(t=NOON + s, ns=f"{NOON + s:.0f}000000000", d=10 * s) for s in seconds)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("motion.gpx", gpx(eastwards(10))),
        ("motion.gpx", gpx(eastwards(10.4), speed=10)),
        ("motion.csv", "time,speed\n" + rows("{t},10\n")),
        ("motion.csv", "\ufefftime,speed_kmh\n" + rows("{ns},36\n")),
        ("motion.csv", "Time,lat,lon\n" + "".join(f"{t},{b},{x:.9f}\n" for t, b, x in eastwards(10))),
        ("motion.csv", "timestamp,x,y,z,note\n" + rows("{t},{d},0,0,a\n")),
        ("motion.txt", "# TUM\n" + rows("{t} 0 {d} 5 0 0 0 1\n")),
        ("motion.txt", "".join(f"1 0 0 0 0 1 0 0 0 0 1 {10 * n / 12}\n" for n in range(24))),
    ],
    ids=["gpx", "gpx_speed", "csv", "csv_kmh", "csv_degrees", "csv_positions", "tum", "kitti"],
)
def test_ten_metres_a_second_by_every_door(tmp_path: Path, name: str, text: str) -> None:
    write_text(drive(tmp_path / "a") / name, text)
    clip, told = opened(tmp_path / "a")
    assert told == []
    assert [clip.distance(n, n + 1) for n in range(23)] == pytest.approx([10 / 12] * 23, rel=1e-4)
    assert clip.distance(0, 12) == pytest.approx(10, rel=1e-4)


def test_speeds_between_and_outside_of_measurements(tmp_path: Path) -> None:
    rows = "".join(f"{NOON + second},{5 + 4 * second}\n" for second in (0, 0.5, 1))
    write_text(drive(tmp_path / "a") / "motion.csv", "time,speed\n" + rows)
    clip, told = opened(tmp_path / "a")
    # At most half an interval, 0.25 s, behind the last.
    assert clip.distance(4, 5) == pytest.approx((5 + 4 * 4.5 / 12) / 12, rel=1e-5)
    assert clip.distance(14, 15) == pytest.approx(9 / 12, rel=1e-5)
    assert clip.distance(15, 16) is None
    assert len(told) == 1 and "says nothing of 8 of 24 images" in told[0]


def test_a_hole_is_not_bridged() -> None:
    times = np.array([0.0, 1, 2, 3, 60, 61, 62])
    motion = Track("t", times, speeds=np.full(7, 4.0)).at(np.array([2.5, 3.4, 3.6, 59.6, 61.5, 62.6]))
    assert motion.speeds is not None
    assert np.array_equal(np.isnan(motion.speeds), [False, False, True, False, False, True])


def test_noise_of_a_receiver_is_smoothed() -> None:
    """Ten fixes a second, half a metre of slow noise and 0.15 m of fast: the way of a second stays right."""
    dice = np.random.default_rng(0)
    times = np.arange(0, 120, 0.1)
    slow = np.repeat(dice.normal(0, 0.35, (120, 2)), 10, 0)
    slow = np.stack([np.convolve(one, np.ones(20) / 20, "same") for one in slow.T], 1)
    place = np.stack([12 * times, np.zeros_like(times)], 1) + slow + dice.normal(0, 0.15, (len(times), 2))
    speeds = gps_speeds(times, place[:, 1] / 110_574.3, place[:, 0] / 111_319.5)[15:-15]
    chords = np.linalg.norm(np.diff(place, axis=0), axis=1) / 0.1
    assert abs(speeds.mean() / 12 - 1) < 0.01 and np.std(speeds) < 0.5
    assert np.std(chords) > 2


def test_a_receiver_that_stands_or_jumps() -> None:
    times = np.arange(60.0)
    dice = np.random.default_rng(1)
    east = np.concatenate([np.zeros(30), 8 * np.arange(30)]) + dice.normal(0, 0.1, 60)
    east[45] += 5000
    speeds = gps_speeds(times, np.zeros(60), east / 111_319.5)
    assert np.nanmax(speeds[2:27]) < 0.5
    assert speeds[33:43] == pytest.approx(8, abs=0.3) and np.isnan(speeds[45]) and speeds[50] > 7


def test_the_ellipsoid_is_round_everywhere() -> None:
    """Ten metres north and ten metres east at 60 degrees, across the date line too."""
    times = np.arange(3.0)
    north = gps_speeds(times, 60 + np.arange(3) * 10 / 111_412, np.full(3, 10.0))
    longitude = 179.9999 + np.arange(3) * 10 / 55_800
    east = gps_speeds(times, np.full(3, 60.0), (longitude + 180) % 360 - 180)
    assert north == pytest.approx(10, rel=1e-4) and east == pytest.approx(10, rel=1e-4)


def test_clocks(tmp_path: Path) -> None:
    """The offset says when the track begins, whatever the clocks; without it they must be of one kind."""
    rows = "".join(f"{NOON + second},{second}\n" for second in range(4))
    folder = drive(tmp_path / "a", start=0)
    write_text(folder / "motion.csv", "time,speed\n" + rows)
    with pytest.raises(UserError, match="has dates, the images have none; write track_offset"):
        open_data(folder)
    write_text(folder / "sequence.yaml", "track_offset: -1.5\n")
    clip, told = opened(folder)
    assert told == [] and clip.distance(0, 6) == pytest.approx((1.5 + 2) / 2 / 2, rel=1e-5)
    write_text(folder / "sequence.yaml", "track_offset: 300\n")
    ranges = r"is of 2026-05-01T12:00:00.000Z to .*, the images of 2026-05-01T11:55:00"
    with pytest.raises(UserError, match=ranges):
        open_data(folder)
    write_text(folder / "sequence.yaml", "track_offset: soon\n")
    with pytest.raises(UserError, match="track_offset = 'soon', expected seconds"):
        open_data(folder)


def test_names_of_images_that_are_times(tmp_path: Path) -> None:
    folder = write_drive(tmp_path / "a")
    for number, path in enumerate(sorted((folder / "images").iterdir())):
        pause = 3 * (number > 3)
        path.rename(path.with_name(f"cam__{int((NOON + pause) * 1e6) + number * 100_000}.png"))
    told: list[str] = []
    before, after = open_data(folder, told.append)
    assert (len(before), len(after)) == (4, 2) and "images are missing between cam__" in told[0]
    assert before.time(3) == pytest.approx(NOON + 0.3, abs=1e-6)
    assert before.distance(0, 3) == pytest.approx(12 * 0.3, rel=1e-5)


@pytest.mark.parametrize("unit", [1, 1000, 1_000_000, 1_000_000_000])
def test_units_of_times(tmp_path: Path, unit: int) -> None:
    folder = write_drive(tmp_path / "a", 2)
    write_text(folder / "times.txt", f"{int(NOON) * unit}\n{(int(NOON) + 1) * unit}\n")
    assert opened(folder)[0].time(1) == NOON + 1
    write_text(folder / "times.txt", "2026-05-01T12:00:00\n2026-05-01 14:00:00.25+02:00\n")
    assert opened(folder)[0].time(1) == NOON + 0.25


def test_a_video_that_says_when_it_began(tmp_path: Path) -> None:
    path = tmp_path / "drive.mp4"
    with av.open(str(path), "w") as container:
        container.metadata["creation_time"] = "2026-05-01T12:00:00Z"
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 48
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 9 * number, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    write_text(tmp_path / "drive.gpx", gpx(eastwards(10)))
    clip, told = opened(path)
    assert clip.distance(0, 10) == pytest.approx(10, rel=1e-4)
    assert (
        len(told) == 1 and "says that it began at 2026-05-01T12:00:00.000Z; if that is not right" in told[0]
    )


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("motion.gpx", "no gpx", "not readable as GPX"),
        ("motion.gpx", "<!DOCTYPE a [<!ENTITY b 'c'>]><gpx/>", "has a document type"),
        ("motion.gpx", "<gpx><trkpt lat='1' lon='2'/></gpx>", "points without time"),
        ("motion.gpx", "<gpx></gpx>", "0 track points"),
        ("motion.gpx", gpx(eastwards(10), speed=-1), "a speed is negative or no number"),
        ("motion.gpx", gpx(eastwards(10), speed=36), "its speeds are 3.6 times those by its positions"),
        (
            "motion.csv",
            "time;speed\n1;10,5\n2;11\n",
            "its columns are not separated by commas; write such as",
        ),
        ("motion.csv", "index;speed\n1;10,5\n2;11\n", "its columns are not separated by commas"),
        ("motion.csv", "time,lat,lon\n1,99,1\n2,99,2\n", "beyond 90"),
        ("motion.csv", "time,speed\n2,1\n1,1\n", "row 2: its time is not after the one before"),
        ("motion.csv", "time,speed\n1,a\n2,1\n", "row 1, speed = 'a'"),
        ("motion.csv", "time,speed\n1,-3\n2,1\n", "speed is negative"),
        ("motion.csv", "time,speed\n1,\n2,1\n", "row 1, speed = ''"),
        ("motion.csv", "time,speed\n1,1\nnan,1\n", "a time that is not finite"),
        ("motion.csv", "time,speed\nnoon,1\n", "not readable as CSV with times"),
        ("motion.csv", "time,speed\n1,3\n", "too few measurements"),
        ("motion.csv", "time,latitude,longitude\n", "has no line below its first"),
        (
            "motion.txt",
            "1 0 0 0 0 0 -1e300 1\n2 0 0 0 0 0 0 1\n",
            "holds 1e+300, which is no place and no time",
        ),
        ("motion.csv", "time,v\n1,3\n", "no column speed, speed_kmh, latitude and longitude, or x, y and z"),
        ("motion.csv", "time,x,y,z\n1,0,0,0\n2,1000,0,0\n", "1e+03 m/s at measurement 1"),
        ("motion.txt", "1 2 3\n", r"lines of \[3\] numbers"),
        ("motion.txt", "1 0 0 0 0 0 0 1\n1 0 0 0 0 0 0 1\n", "its time is not after"),
        ("motion.txt", "1 0 0 0 1 0 0 1\n2 0 0 0 1 0 0 1\n", "quaternions whose length is not 1"),
        ("motion.txt", "1 0 0 0 0 1 0 0 0 0 1 0\n", "1 poses for 24 images"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, name: str, text: str, says: str) -> None:
    write_text(drive(tmp_path / "a") / name, text)
    with pytest.raises(UserError, match=says.replace("+", r"\+")) as caught:
        open_data(tmp_path / "a")
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("factor", "unit"), [(3.6, "km/h"), (2.237, "miles per hour"), (1.944, "knots"), (1.4, ""), (0.7, "")]
)
def test_speeds_in_another_unit_are_told_by_the_positions(factor: float, unit: str) -> None:
    """Positions with 2 m of noise each, over half a minute at 30 km/h, once with a halt."""
    draw = np.random.default_rng(0)
    speeds = np.concatenate([np.full(20, 8.3), np.zeros(10), np.full(20, 8.3)])
    east, north = draw.normal(0, 2, (2, 50)) + np.array([speeds.cumsum(), np.zeros(50)])
    fixes = np.arange(50.0), 48 + north / 111_200, 9 + east / (111_320 * np.cos(np.radians(48)))
    track_from_fixes("a", *fixes, speeds=speeds + draw.normal(0, 0.1, 50).clip(0))
    says = rf"times those by its positions{', which looks like ' + unit if unit else ''}; give"
    with pytest.raises(UserError, match=says):
        track_from_fixes("a", *fixes, speeds=factor * speeds)


def test_few_or_slow_fixes_do_not_tell_the_unit() -> None:
    slow = np.arange(50.0), np.zeros(50), 9 + 2 * np.arange(50) / 111_320
    track_from_fixes("a", *slow, speeds=np.full(50, 2 * 1.4))
    few = np.arange(5.0), np.zeros(5), 9 + 8 * np.arange(5) / 111_320
    track_from_fixes("a", *few, speeds=np.full(5, 8 * 1.4))


@pytest.mark.parametrize(("speed", "column"), [(100, "speed"), (100 * 3.6, "speed_kmh")])
@pytest.mark.parametrize("first", ["index", "time"])
def test_no_car_drives_so_fast(tmp_path: Path, first: str, speed: float, column: str) -> None:
    folder = drive(tmp_path / "a")
    table = "".join(f"{n},{speed if n == 5 else 10}\n" for n in range(24))
    write_text(folder / "motion.csv", f"{first},{column}\n{table}")
    write_text(folder / "times.txt", "".join(f"{n}\n" for n in range(24)))
    with pytest.raises(UserError, match=r"motion.csv: 100 m/s at measurement 6, expected at most 60; give"):
        open_data(folder)
    slow = "".join(f"{n},{36 if column == 'speed_kmh' else 10}\n" for n in range(24))
    write_text(folder / "motion.csv", f"{first},{column}\n{slow}")
    assert open_data(folder)[0].distance(3, 4) == pytest.approx(10)


@pytest.mark.parametrize(
    ("name", "call_it"),
    [
        ("poses.txt", "motion.txt"),
        ("my_trajectory.txt", "motion.txt"),
        ("trajectory.txt", "motion.txt"),
        ("gps.csv", "motion.csv"),
        ("poses.tum", "motion.txt"),
        ("camera-odom.csv", "motion.csv"),
        ("notes.txt", None),
        ("Track.GPX", "motion.gpx"),
    ],
)
def test_logs_of_other_names_are_told(tmp_path: Path, name: str, call_it: str | None) -> None:
    folder = drive(tmp_path / "a")
    write_text(folder / name, "")
    told = opened(folder)[1]
    assert len(told) == (call_it is not None)
    if call_it:
        assert told[0].startswith(f"{folder / name}: is not read; call it {call_it} if")


def test_two_files_of_motion(tmp_path: Path) -> None:
    folder = drive(tmp_path / "a")
    write_text(folder / "ride.gpx", gpx(eastwards(10)))
    assert "call it motion.gpx" in opened(folder)[1][0]
    write_text(folder / "motion.gpx", gpx(eastwards(10)))
    write_text(folder / "motion.csv", "index,speed\n")
    with pytest.raises(UserError, match=r"motion stands in motion\.csv and in motion\.gpx; keep one"):
        open_data(folder)
